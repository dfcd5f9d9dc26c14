import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { randomQuery, seededRandom, smallerQueries } from '@promontory/promql/testing'
import { type Answer, ask, type Asked, difference } from './support/differential-answers.ts'
import { copyData, END_S, START_S, VOCABULARY, writeData } from './support/differential-data.ts'
import { EXCUSES, type Excuse } from './support/differential-excuses.ts'
import { peer } from './support/peers.ts'
import { freePort, Program, startPromontory, Workspace } from './support/program.ts'

/*
 * Random queries on the same storage directory, asked of the real Prometheus and of us: floats, stale markers and native
 * histograms, in blocks and in the log.
 */

const prometheus = peer('prometheus')
const promtool = peer('promtool')

/** Queries, each asked as instant and as range query; the whole count is for the soak run. */
const QUERIES = Number(process.env['DIFFERENTIAL_QUERIES'] ?? 1000)
/** Printed with each failure: the same seed asks the same queries of the same data. */
const SEED = Number(process.env['DIFFERENTIAL_SEED'] ?? 1)
/** The largest part of the queries that may differ for a reason of {@link EXCUSES}. */
const EXCUSED_MAX = 0.005

const FEATURES = '--enable-feature=promql-experimental-functions'
/** The data is older than any default. */
const RETENTION = '--storage.tsdb.retention.time=100y'

interface Failure {
  readonly asked: Asked
  readonly difference: string
}

describe.skipIf(prometheus === undefined || promtool === undefined)(
  'the same queries on the same data, by Prometheus and by us (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    let ours: Program
    let theirs: Program

    beforeAll(async () => {
      const written = join(workspace.directory, 'written')
      await writeData(written, promtool!, SEED)
      copyData(written, workspace.data)
      copyData(written, join(workspace.directory, 'theirs'))
      const config = join(workspace.directory, 'idle.yml')
      writeFileSync(config, 'scrape_configs: []\n')
      const port = await freePort()
      const args = [
        `--config.file=${config}`,
        `--storage.tsdb.path=${join(workspace.directory, 'theirs')}`,
        `--web.listen-address=127.0.0.1:${port}`,
        '--log.level=warn',
        FEATURES,
        RETENTION,
      ]
      theirs = workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${port}`).ready('/-/ready'),
      )
      ours = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          config: 'scrape_configs: []\n',
          flags: [FEATURES, RETENTION],
        }),
      )
    })
    afterAll(() => workspace.clean())

    async function compare(
      asked: Asked,
    ): Promise<{ ours: Answer; theirs: Answer; difference: string | undefined }> {
      const [mine, reference] = await Promise.all([ask(ours, asked), ask(theirs, asked)])
      return { ours: mine, theirs: reference, difference: difference(mine, reference) }
    }

    /** The smallest part of the query that still differs without an excuse. */
    async function shrink(failure: Failure): Promise<Failure> {
      for (const query of smallerQueries(failure.asked.query)) {
        const asked = { ...failure.asked, query }
        const { difference: found } = await compare(asked)
        if (found !== undefined && excuseFor(asked, found) === undefined)
          return shrink({ asked, difference: found })
      }
      return failure
    }

    test('both read all of the data', async () => {
      for (const timeS of [START_S + 3600, END_S]) {
        const { theirs: answer, difference: found } = await compare({
          query: 'count by (__name__) ({__name__!=""})',
          timeS,
        })
        expect(found).toBeUndefined()
        expect((answer.data!.result as unknown[]).length).toBe(14)
      }
    })

    // The examples are found in the data of the first seed.
    test.skipIf(SEED !== 1).each(EXCUSES.map((excuse) => [excuse.name, excuse] as const))(
      'excuse: %s',
      async (_name, excuse) => {
        const { difference: found } = await compare(excuse.example)
        expect(found).toBeDefined()
        expect(excuseFor(excuse.example, found!)).toBe(excuse)
      },
    )

    test(
      `${QUERIES} random queries from seed ${SEED}`,
      async () => {
        const failures: Failure[] = []
        const excused: string[] = []
        let answered = 0
        let fellOver = 0
        let next = 0
        const worker = async (): Promise<void> => {
          while (next < QUERIES) {
            for (const asked of questions(SEED * 1_000_000 + next++)) {
              const { difference: found, theirs: answer } = await compare(asked)
              if (answer.status === 'success' && (answer.data!.result as unknown[]).length > 0) answered++
              if (found === undefined) continue
              // A fault of the other program: it tells nothing about the answer.
              if (answer.error?.startsWith('unexpected error: runtime error') === true) {
                fellOver++
                continue
              }
              const excuse = excuseFor(asked, found)
              if (excuse !== undefined) excused.push(excuse.name)
              else failures.push({ asked, difference: found })
            }
          }
        }
        await Promise.all([worker(), worker(), worker()])
        const shown = []
        for (const failure of failures.slice(0, 20))
          shown.push({ ...(await shrink(failure)), whole: failure.asked.query })
        expect(shown, `seed ${SEED}: ${failures.length} of ${2 * QUERIES} differ`).toEqual([])
        expect(excused.length, `excused: ${counted(excused)}`).toBeLessThanOrEqual(
          // Fewer than a CI run asks are too few for a share.
          EXCUSED_MAX * 2 * Math.max(QUERIES, 1000),
        )
        expect(fellOver / QUERIES, 'queries at which Prometheus fell over').toBeLessThan(0.001)
        // Queries that select nothing compare nothing.
        expect(answered / (2 * QUERIES)).toBeGreaterThan(0.5)
      },
      60_000 + QUERIES * 200,
    )
  },
)

/** One query as instant and as range query, on and off the times of the samples. */
function questions(seed: number): Asked[] {
  const query = randomQuery(seed, VOCABULARY)
  const random = seededRandom(seed)
  const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)]!
  const startS = START_S + Math.floor(random() * 9000) + pick([0, 0, 0.5, 0.217])
  const stepS = pick([7, 15, 30, 60, 61.5, 300])
  const onGrid = (timeS: number): number => (random() < 0.5 ? Math.round(timeS / 15) * 15 : timeS)
  return [
    { query, timeS: onGrid(START_S + Math.floor(random() * 11_400)) },
    { query, startS: onGrid(startS), endS: onGrid(startS) + stepS * (2 + Math.floor(random() * 30)), stepS },
  ]
}

function excuseFor(asked: Asked, found: string): Excuse | undefined {
  return EXCUSES.find(({ holds }) => holds(asked.query, found))
}

function counted(names: readonly string[]): string {
  const counts = new Map<string, number>()
  for (const name of names) counts.set(name, (counts.get(name) ?? 0) + 1)
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ')
}
