import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ExchangeAdapter } from '../exchanges/exchange.js'
import { type JournalDamage, type JournalScan, readLane, scanJournal } from '../journal/recover.js'
import { systemClock } from '../lib/clock.js'
import type { JournalFindings, VerifyPorts } from '../service/verify.js'
import { Catalog } from '../store/catalog.js'
import { DataFolder } from '../store/data-folder.js'
import { Engine } from '../store/engine.js'
import { DataLock } from '../store/lock.js'
import { ReadOnlyData } from '../store/reader.js'
import { needsJournal, Repairer } from '../store/repair.js'
import type { Finding, Verifier } from '../store/verify.js'
import { rebuildPorts } from './rebuild-ports.js'

/** A verification as it is done: on the files of store and journal themselves. */
export function verifyPorts(adapterOf: (id: string) => ExchangeAdapter): VerifyPorts {
  return {
    async lock(dataPath) {
      const lock = await DataLock.acquire(dataPath)
      return () => lock.release()
    },
    store: (dataPath, deep, onFile) => withVerifier(dataPath, (verifier) => verifier.verify({ deep, onFile })),
    async journal(dataPath, deep) {
      const lanes = await committedLanes(dataPath)
      const damages: JournalDamage[] = []
      const onDamage = (damage: JournalDamage) => damages.push(damage)
      const scan = await scanJournal(join(dataPath, '.dccd', 'journal'), { onDamage })
      const { records, highest } = deep ? await readThrough(scan, onDamage) : { records: 0, highest: undefined }
      const findings: Finding[] = damages.map(damageFinding)
      for (const { number, foreign } of scan.files)
        if (foreign)
          findings.push({ what: 'journal', detail: `file ${number} has the name of a journal file and is none` })
      for (const { lane, committed, open } of lanes) {
        const held = scan.lanes.get(lane)
        if (open && held && held.last < committed)
          findings.push({
            what: 'journal',
            detail: `lane ${lane} ends at record ${held.last}; rows up to ${committed} are stored`,
          })
      }
      if (highest) findings.push(...(await framesNotJournalled(dataPath, highest)))
      return { files: scan.files.length, records, findings } satisfies JournalFindings
    },
    async repair(dataPath, findings, tell) {
      const folder = new DataFolder(dataPath)
      const anew = join(folder.hidden, 'repair')
      await rm(anew, { recursive: true, force: true })
      if (needsJournal(findings)) {
        tell('rows are missing: everything that the journal holds is derived anew')
        const ports = rebuildPorts(adapterOf, () => {})
        for (const lane of await ports.lanes(dataPath)) await ports.derive(dataPath, lane, anew)
        await ports.close()
      }
      const spill = await mkdtemp(join(tmpdir(), 'dccd-repair-'))
      const catalog = Catalog.open(folder.catalog)
      const engine = await Engine.open({ spill })
      try {
        const repairer = new Repairer(catalog, engine, folder, systemClock().wall())
        return await repairer.repair(findings, needsJournal(findings) ? anew : undefined)
      } finally {
        engine.close()
        catalog.closeCleanly()
        await rm(spill, { recursive: true, force: true })
        await rm(anew, { recursive: true, force: true })
      }
    },
  }
}

async function withVerifier<T>(dataPath: string, act: (verifier: Verifier) => Promise<T>): Promise<T> {
  const data = await ReadOnlyData.open(dataPath)
  try {
    return await act(await data.verifier())
  } finally {
    await data.close()
  }
}

async function committedLanes(dataPath: string) {
  const catalog = Catalog.openReadOnly(new DataFolder(dataPath).catalog)
  try {
    return catalog.lanes()
  } finally {
    catalog.close()
  }
}

/** Reads every record; the highest frame of each connection of the lanes that are there from their beginning. */
async function readThrough(scan: JournalScan, onDamage: (damage: JournalDamage) => void) {
  const highest = new Map<number, number>()
  let records = 0
  for (const { lane, first } of scan.lanes.values()) {
    for await (const { record } of readLane(scan, lane, first, { onDamage })) {
      records++
      if (first > 0 || (record.type !== 'in' && record.type !== 'rest')) continue
      highest.set(record.connection, Math.max(highest.get(record.connection) ?? -1, record.n))
    }
  }
  return { records, highest }
}

/** Stored rows of frames that the journal, which holds their connection from its beginning, does not have. */
async function framesNotJournalled(dataPath: string, journalled: ReadonlyMap<number, number>): Promise<Finding[]> {
  const stored = await withVerifier(dataPath, (verifier) => verifier.highestFrames())
  return [...stored].flatMap(([connection, frame]) => {
    const last = journalled.get(connection)
    if (last === undefined || frame <= last) return []
    return [
      {
        what: 'journal',
        detail: `rows of connection ${connection} come from frame ${frame}; the journal ends at ${last}`,
      },
    ]
  })
}

function damageFinding(damage: JournalDamage): Finding {
  if (damage.what === 'records')
    return {
      what: 'journal',
      detail: `records ${damage.from} to ${damage.until - 1} of lane ${damage.lane} cannot be read`,
    }
  return { what: 'journal', detail: `bytes of a journal file cannot be read: ${JSON.stringify(damage)}` }
}
