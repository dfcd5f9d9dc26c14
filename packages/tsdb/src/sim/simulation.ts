import { cpSync, existsSync, mkdirSync, rmSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { Registry } from '@promontory/base'
import { AppendBatch, AppendStatus, isStaleAt, Labels, Matcher, SampleColumns } from '@promontory/model'
import { Compactor, Tsdb, TsdbReader, verifyDirectory } from '../index.ts'
import { segmentName } from '../wal/format.ts'
import { listSegments } from '../wal/writer.ts'
import { Expected } from './expected.ts'
import { Random } from './random.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
export const DAY: number = 24 * HOUR

const TARGETS = 6
const SERIES_PER_TARGET = 3
const LATE_WINDOW_MS = 2 * HOUR
const COMPACTOR_READER = 9

/** How often something happens: once in so many minutes of simulated time. */
const OFTEN = {
  maintenance: 30,
  moveChunks: 20,
  newTarget: 180,
  missedScrape: 25,
  late: 40,
  deletion: 600,
  clean: 1500,
  clockJump: 4000,
  check: 700,
  crash: 500,
} as const

/** How often each thing happened. */
export type Tally = Record<'scrapes' | 'late' | 'deletions' | 'kills' | 'powerLosses' | 'midwayCrashes' | 'jumps' | 'checks' | 'takenBack', number> // prettier-ignore

/** Says what is wrong with the storage, and how to see it again. */
export class SimulationError extends Error {
  override readonly name = 'SimulationError'
}

/**
 * A storage that is scraped for days of simulated time by one seed: targets come and go, samples are late, series deleted, clocks jump, blocks are written, merged and
 * aggregated, and the machine dies, by kill -9 (the directory stays as it is), by power loss (the log loses its unsynced end), or in the middle of a compaction. After each crash and
 * now and then it must hold exactly what it acknowledged.
 */
export class Simulation {
  readonly tally: Tally = { scrapes: 0, late: 0, deletions: 0, kills: 0, powerLosses: 0, midwayCrashes: 0, jumps: 0, checks: 0, takenBack: 0 } // prettier-ignore
  readonly #seed: number
  readonly #random: Random
  readonly #root: string
  readonly #expected = new Expected()
  #generation = 0
  #db!: Tsdb
  #reader!: TsdbReader
  #targets: number[] = Array.from({ length: TARGETS }, (_, i) => i)
  #nextTarget = TARGETS
  #nowMs = 20_000 * DAY
  /** A copy of the directory from the middle of a round of maintenance. */
  #midway: string | undefined
  #tasksUntilCrash = Infinity
  /** Where the log was at the last point to which nothing is taken back. */
  #settled = { file: '', bytes: 0 }

  /** @param root  an empty directory */
  constructor(seed: number, root: string) {
    this.#seed = seed
    this.#random = new Random(seed)
    this.#root = root
  }

  /** @throws SimulationError */
  async run(days: number): Promise<void> {
    mkdirSync(this.#directory, { recursive: true })
    await this.#open()
    const endMs = this.#nowMs + days * DAY
    while (this.#nowMs < endMs) {
      this.#nowMs += MINUTE
      await this.#minute()
    }
    await this.#db.maintenance.run()
    await this.#check('at the end')
    this.#checkTiers(await this.#counts())
    this.#db.close()
    const { findings } = verifyDirectory(this.#directory)
    if (findings.length > 0) this.#fail(`the directory has faults: ${JSON.stringify(findings.slice(0, 3))}`)
  }

  async #minute(): Promise<void> {
    const random = this.#random
    this.#scrape(this.#nowMs)
    if (random.once(OFTEN.late)) this.#appendLate()
    if (random.once(OFTEN.newTarget)) this.#replaceTarget()
    if (random.once(OFTEN.clockJump)) {
      this.tally.jumps++
      this.#scrape(this.#nowMs + (1 + random.below(4)) * HOUR)
    }
    if (random.once(OFTEN.moveChunks)) await this.#db.head.mover!.run()
    if (random.once(OFTEN.deletion)) await this.#delete()
    if (random.once(OFTEN.clean)) await this.#db.cleanTombstones()
    if (random.once(OFTEN.maintenance)) await this.#maintain()
    if (random.once(OFTEN.check)) await this.#check('while it ran')
    if (random.once(OFTEN.crash)) await this.#crash(random.once(2))
  }

  #scrape(timeMs: number): void {
    for (const target of this.#targets) {
      if (this.#random.once(OFTEN.missedScrape)) continue
      const batch = new AppendBatch()
      for (let series = 0; series < SERIES_PER_TARGET; series++)
        batch.push(this.#ref(target, series), timeMs + target * 37, this.#valueOf(target, series, timeMs))
      this.#append(target, batch)
      this.tally.scrapes++
    }
  }

  #valueOf(target: number, series: number, timeMs: number): number {
    const minute = Math.floor(timeMs / MINUTE)
    if (series === 0) return (minute * 3 + target) % 4001
    return series === 1 ? Math.sin(minute / 50) * 100 : this.#random.below(5)
  }

  #appendLate(): void {
    const target = this.#targets[this.#random.below(this.#targets.length)]!
    const batch = new AppendBatch()
    for (let k = 0; k < 8; k++) {
      const timeMs = this.#nowMs - this.#random.below(1.5 * LATE_WINDOW_MS)
      batch.push(this.#ref(target, k % SERIES_PER_TARGET), timeMs, k)
    }
    this.#append(target, batch)
    this.tally.late++
  }

  /** A target goes, with stale markers, and another one comes. */
  #replaceTarget(): void {
    const index = this.#random.below(this.#targets.length)
    const gone = this.#targets[index]!
    const batch = new AppendBatch()
    for (let series = 0; series < SERIES_PER_TARGET; series++)
      batch.pushStale(this.#ref(gone, series), this.#nowMs + gone * 37 + 500)
    this.#append(gone, batch)
    this.#targets[index] = this.#random.once(2) ? this.#nextTarget++ : this.#random.below(this.#nextTarget)
    this.#targets = [...new Set(this.#targets)]
  }

  #ref(target: number, series: number): number {
    return this.#db.seriesRef(Labels.from(labelsOf(target, series)))
  }

  #append(target: number, batch: AppendBatch): void {
    const before = this.#logEnd()
    const { statuses } = this.#db.append(batch)
    const logEnd = this.#logEnd()
    const bySeries = new Map<number, [number, string][]>()
    for (let i = 0; i < batch.count; i++) {
      if (statuses[i] !== AppendStatus.appended) continue
      const value = isStaleAt(batch.bits, i) ? 'stale' : String(batch.values[i])
      const series = this.#seriesOf(batch.refs[i]!, target)
      const samples = bySeries.get(series)
      if (samples === undefined) bySeries.set(series, [[batch.timesMs[i]!, value]])
      else samples.push([batch.timesMs[i]!, value])
    }
    for (const [series, samples] of bySeries) this.#expected.add(keyOf(target, series), samples, logEnd)
    // Late samples lie in the other log, which is not cut.
    if (logEnd === before) this.#settle()
  }

  #seriesOf(ref: number, target: number): number {
    for (let series = 0; series < SERIES_PER_TARGET; series++)
      if (this.#ref(target, series) === ref) return series
    return this.#fail('a ref changed')
  }

  async #delete(): Promise<void> {
    const target = this.#random.below(this.#nextTarget)
    const series = this.#random.below(SERIES_PER_TARGET)
    const startMs = this.#nowMs - this.#random.below(2 * DAY)
    const endMs = startMs + this.#random.below(6 * HOUR)
    const { name, t } = labelsOf(target, series)
    const matchers = [new Matcher('=', '__name__', labelsOf(target, series).__name__), new Matcher('=', 't', t), new Matcher('=', 'name', name)] // prettier-ignore
    await this.#db.deleteSeries(matchers, startMs, endMs)
    this.#expected.delete(keyOf(target, series), startMs, endMs)
    this.#settle()
    this.tally.deletions++
  }

  /** A round of maintenance; once in a while the machine dies between two of its steps. */
  async #maintain(): Promise<void> {
    if (this.#random.once(8)) this.#tasksUntilCrash = this.#random.below(4)
    await this.#db.maintenance.run()
    this.#tasksUntilCrash = Infinity
    this.#settle()
    const copy = this.#midway
    this.#midway = undefined
    if (copy === undefined) return
    this.tally.midwayCrashes++
    this.#db.close()
    rmSync(this.#directory, { recursive: true })
    this.#generation++
    cpSync(copy, this.#directory, { recursive: true })
    rmSync(copy, { recursive: true })
    await this.#open()
    await this.#check('after a crash amid a compaction')
  }

  async #crash(isPowerLoss: boolean): Promise<void> {
    const before = this.#directory
    this.#generation++
    cpSync(before, this.#directory, { recursive: true })
    if (isPowerLoss) this.#cutLog()
    else this.tally.kills++
    this.#db.close()
    rmSync(before, { recursive: true })
    await this.#open()
    await this.#check(isPowerLoss ? 'after a power loss' : 'after a kill')
  }

  /** What was not brought to the disk is lost: the newest segment ends anywhere behind the last step that was. */
  #cutLog(): void {
    this.tally.powerLosses++
    const file = this.#newestSegment()
    const size = statSync(file).size
    const bytes = size - this.#random.below(Math.min(size - this.#settledBytes(), 2000) + 1)
    truncateSync(file, bytes)
    this.tally.takenBack += this.#expected.takeBack(bytes)
  }

  /** Bytes of the newest segment at the last point to which nothing is taken back. */
  #settledBytes(): number {
    return this.#settled.file === this.#newestName() ? this.#settled.bytes : 0
  }

  #settle(): void {
    this.#expected.settle()
    this.#settled = { file: this.#newestName(), bytes: this.#logEnd() }
  }

  #newestName(): string {
    return segmentName(listSegments(join(this.#directory, 'wal')).at(-1)!)
  }

  #newestSegment(): string {
    return join(this.#directory, 'wal', this.#newestName())
  }

  #logEnd(): number {
    return statSync(this.#newestSegment()).size
  }

  get #directory(): string {
    return join(this.#root, String(this.#generation))
  }

  async #open(): Promise<void> {
    const directory = this.#directory
    this.#db = await Tsdb.open({
      directory,
      registry: new Registry(),
      headPages: 1024,
      lock: false,
      headBytes: 0,
      nowMs: () => this.#nowMs,
      retention: { timeMs: 0, bytes: 0 },
      tiers: {
        directory: join(directory, 'tiers'),
        retention: { '5m': 1000 * DAY, '1h': 1000 * DAY, '1d': 0 },
      },
      runTask: async (task, memory) => {
        const result = new Compactor(memory, COMPACTOR_READER).run(task)
        if (this.#tasksUntilCrash-- === 0) this.#copyMidway()
        return result
      },
    })
    this.#db.setLateWindow(LATE_WINDOW_MS)
    this.#reader = new TsdbReader(this.#db.readerState(), 0)
    this.#db.onBlocks((blocks) => this.#reader.setBlocks(blocks))
    // The log goes on in a new segment.
    this.#settle()
  }

  #copyMidway(): void {
    if (existsSync(join(this.#root, 'midway'))) return
    this.#midway = join(this.#root, 'midway')
    cpSync(this.#directory, this.#midway, { recursive: true })
  }

  async #check(when: string): Promise<void> {
    this.tally.checks++
    const [expected, actual] = [this.#expected.contents(), await this.#contents()]
    for (const series of new Set([...expected.keys(), ...actual.keys()])) {
      const [wanted, found] = [expected.get(series) ?? [], actual.get(series) ?? []]
      const at = Array.from({ length: Math.max(wanted.length, found.length) }, (_, i) => i).find(
        (i) => String(wanted[i]) !== String(found[i]),
      )
      if (at !== undefined)
        this.#fail(`${when}: ${series} has ${found.length} samples for ${wanted.length}; number ${at} is ${String(found[at])}, expected ${String(wanted[at])}`) // prettier-ignore
    }
  }

  async #contents(): Promise<Map<string, [number, string][]>> {
    const range = { startMs: 0, endMs: 2 * this.#nowMs }
    const querier = this.#reader.querier(range)
    const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], ...range }])
    const columns = new SampleColumns()
    const found = new Map<string, [number, string][]>()
    for (let i = 0; i < set!.length; i++) {
      set!.read(i, columns)
      if (columns.length === 0) continue
      const labels = set!.labels(i)
      found.set(
        `${labels.metricName} ${labels.get('t')}`,
        Array.from({ length: columns.length }, (_, k) => [
          columns.timesMs[k]!,
          isStaleAt(columns.bits, k) ? 'stale' : String(columns.values[k]),
        ]),
      )
    }
    querier.close()
    return found
  }

  /** Samples per series that the five-minute tier counts, and those that it should. */
  async #counts(): Promise<{ series: string; day: number; counted: number }[]> {
    const firstStepMs = 20_001 * DAY
    const lastMs = Math.floor(this.#nowMs / DAY - 1) * DAY
    // A sample of midnight belongs to the day that begins then.
    const range = { startMs: firstStepMs - DAY + 1, endMs: lastMs - 1 }
    const querier = this.#reader.querier(range)
    const hints = { stepMs: DAY, rangeMs: DAY, func: 'count_over_time', windowMs: DAY, firstStepMs }
    const [set] = await querier.select([{ matchers: [new Matcher('!=', '__name__', '')], ...range, hints }])
    const columns = new SampleColumns()
    const counts: { series: string; day: number; counted: number }[] = []
    for (let i = 0; i < set!.length; i++) {
      set!.read(i, columns)
      const byDay = new Map<number, number>()
      if (columns.weights === undefined) continue
      for (let k = 0; k < columns.length; k++) {
        const day = Math.floor(columns.timesMs[k]! / DAY)
        byDay.set(day, (byDay.get(day) ?? 0) + columns.weights[k]!)
      }
      const labels = set!.labels(i)
      for (const [day, counted] of byDay)
        counts.push({ series: `${labels.metricName} ${labels.get('t')}`, day, counted })
    }
    querier.close()
    return counts
  }

  /** Tiers are made of settled days: they count what is there, but for what was deleted after they were made. */
  #checkTiers(counts: readonly { series: string; day: number; counted: number }[]): void {
    const expected = this.#expected.contents()
    let equal = 0
    for (const { series, day, counted } of counts) {
      const floats = (expected.get(series) ?? []).filter(
        ([timeMs, value]) => Math.floor(timeMs / DAY) === day && value !== 'stale',
      )
      if (counted < floats.length)
        this.#fail(`${series} on day ${day}: the tier counts ${counted} of ${floats.length}`)
      if (counted === floats.length) equal++
    }
    if (counts.length > 0 && equal < counts.length / 2)
      this.#fail(`only ${equal} of ${counts.length} tier days are exact`)
  }

  #fail(problem: string): never {
    throw new SimulationError(`seed ${this.#seed}, ${new Date(this.#nowMs).toISOString()}: ${problem}`)
  }
}

function labelsOf(target: number, series: number): { __name__: string; t: string; name: string } {
  return { __name__: `m${series}`, t: String(target), name: series === 0 ? 'counter' : 'gauge' }
}

function keyOf(target: number, series: number): string {
  return `m${series} ${target}`
}
