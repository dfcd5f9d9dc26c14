import { cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, Labels } from '@promontory/model'
import { Tsdb } from '@promontory/tsdb'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')
const SERIES = 30
const SAMPLES = 400

describe.skipIf(prometheus === undefined)(
  'Prometheus goes on where we were killed, with chunks in chunks_head (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test('every sample is there once', async () => {
      const startMs = Math.floor(Date.now() / 15_000) * 15_000 - (SAMPLES + 4) * 15_000
      const db = await Tsdb.open({ directory: workspace.data, registry: new Registry(), headPages: 2048, headBytes: 0, lock: false }) // prettier-ignore
      const batch = new AppendBatch()
      const value = (series: number, k: number): number => Math.sin(k / 9 + series) * 1e3
      for (let k = 0; k < SAMPLES; k++) {
        batch.clear()
        for (let i = 0; i < SERIES; i++)
          batch.push(db.seriesRef(Labels.from({ __name__: 'm', i: String(i) })), startMs + 15_000 * k, value(i, k)) // prettier-ignore
        db.append(batch)
        // Two full chunks of each series at once, then one more.
        if (k === 259 || k === 399) await db.head.mover!.run()
      }
      expect(readdirSync(join(workspace.data, 'chunks_head'))).toEqual(['000001'])
      const copy = join(workspace.directory, 'copy')
      cpSync(workspace.data, copy, { recursive: true })
      db.close()
      rmSync(join(copy, 'lock'), { force: true })

      const file = join(workspace.directory, 'idle.yml')
      writeFileSync(file, '{}\n')
      const port = await freePort()
      const theirs = workspace.keep(
        await new Program(
          prometheus!,
          [`--config.file=${file}`, `--storage.tsdb.path=${copy}`, `--web.listen-address=127.0.0.1:${port}`],
          `http://127.0.0.1:${port}`,
        ).ready('/-/ready'),
      )
      const result = (await theirs.query('m[3h]', Date.now() / 1000)) as { metric: Record<string, string>; values: [number, string][] }[] // prettier-ignore
      expect(result).toHaveLength(SERIES)
      for (const { metric, values } of result)
        expect(values.map(([atS, text]) => [atS * 1000, Number(text)])).toEqual(
          Array.from({ length: SAMPLES }, (_, k) => [startMs + 15_000 * k, value(Number(metric['i']), k)]),
        )
      const metrics = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      expect(metrics).toMatch(/^prometheus_tsdb_mmap_chunk_corruptions_total 0$/m)
      // It has taken the chunks from the files, not only from the log.
      expect(theirs.output).toMatch(/On-disk memory mappable chunks replay completed/)
      expect(readdirSync(join(copy, 'chunks_head'))).toContain('000001')
    })
  },
)
