import type { Command } from 'commander'
import { configOption, dataOption, jsonOption, type Where } from './arguments.js'
import type { DataTools } from './data-commands.js'
import { bytesText, json } from './output.js'

export function addVerifyCommand(program: Command, tools: DataTools): void {
  const { services, io } = tools
  program
    .command('verify')
    .description(
      'compare what is stored with what was written: files, footers, catalog, ledger, journal; and repair it',
    )
    .addOption(configOption())
    .addOption(dataOption())
    .addOption(jsonOption())
    .option(
      '--deep',
      'read every byte, row and journal record: hashes, order, duplicates, counters against rows',
      false,
    )
    .option(
      '--repair',
      'move damaged files to .dccd/quarantine and make their rows anew from what is sound and from the journal; no daemon may run',
      false,
    )
    .action(async (options: Where & { deep: boolean; repair: boolean }) => {
      const path = await tools.dataPath(options)
      const report = await services.verify(path, options, (line) => io.stderr(`${line}\n`))
      tools.setCode(report.sound ? 0 : 3)
      if (options.json) {
        io.stdout(json(report))
        return
      }
      const { files, segments, rows, bytes, findings, repairs, remaining } = report
      io.stdout(
        `${report.sound ? 'SOUND' : 'DAMAGED'}: ${files} files, ${segments} segments, ${rows} rows, ${bytesText(bytes)}; ${report.journal_files} journal files\n`,
      )
      for (const { what, path: file, dataset, partition, detail } of findings)
        io.stdout(
          `  ${what}: ${file ?? [dataset, partition].filter(Boolean).join(' ')}${file || dataset ? ': ' : ''}${detail}\n`,
        )
      for (const { result, path: file, detail } of repairs) io.stdout(`  ${result}: ${file}: ${detail}\n`)
      if (repairs.length > 0) io.stdout(`after the repair ${remaining.length} findings remain\n`)
      else if (findings.length > 0 && !options.repair)
        io.stdout('stop the daemon and run it with --repair to mend what can be mended\n')
      if (!report.deep) io.stdout('names, sizes and footers were compared; --deep compares every byte and row\n')
    })
}
