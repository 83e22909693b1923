import { resolve } from 'node:path'
import type { Command } from 'commander'
import { configOption, dataOption, jsonOption, type Where } from './arguments.js'
import type { DataTools } from './data-commands.js'
import { json } from './output.js'

export function addImportCommand(program: Command, tools: DataTools): void {
  const { services, io } = tools
  program
    .command('import <path>')
    .description('take the data tree of dccd 2 or 3 into ours, each file once; no daemon may run')
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .option('--dry-run', 'only say what would be taken', false)
    .action(async (path: string, options: Where & { dryRun: boolean }) => {
      const data = await tools.dataPath(options)
      const report = await services.importTree(data, resolve(io.folder, path), options.dryRun, (line) =>
        io.stderr(`${line}\n`),
      )
      tools.setCode(report.skipped.length > 0 ? 3 : 0)
      if (options.json) {
        io.stdout(json(report))
        return
      }
      const { files, already, skipped, rows } = report
      const would = options.dryRun ? 'would be ' : ''
      io.stdout(`${files.length} files with ${rows} rows ${would}taken into ${data}, ${already} were taken before\n`)
      const left: Record<string, number> = {}
      for (const file of files)
        for (const [reason, count] of Object.entries(file.left)) left[reason] = (left[reason] ?? 0) + count
      for (const [reason, count] of Object.entries(left)) io.stdout(`  ${count} rows left out: ${reason}\n`)
      for (const { path: file, reason } of skipped) io.stdout(`  not taken: ${file}: ${reason}\n`)
      if (files.length > 0)
        io.stdout('the ledger does not count them as proven: dccd backfill fetches and proves what is wanted\n')
    })
}
