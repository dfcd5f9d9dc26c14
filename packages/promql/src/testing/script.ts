import { parseDuration } from '@promontory/model'
import type { SequenceValue } from './series-values.ts'
import { parseSeriesLabels, parseSequence, splitSeries } from './series-values.ts'
import type { Labels } from '@promontory/model'

/** A line of a script that is not in the promqltest language. */
export class ScriptSyntaxError extends Error {
  override readonly name = 'ScriptSyntaxError'
  constructor(file: string, line: number, message: string, options?: ErrorOptions) {
    super(`${file}:${line}: ${message}`, options)
  }
}

export interface LoadedSeries {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
  /** Start times relative to each sample, in milliseconds; undefined for none. */
  readonly startOffsetsMs: readonly (number | undefined)[] | undefined
}

export interface LoadCommand {
  readonly type: 'load'
  readonly line: number
  readonly stepMs: number
  /** Classic histograms are loaded as native ones with custom buckets as well. */
  readonly withCustomBuckets: boolean
  readonly series: readonly LoadedSeries[]
}

/** An expected text: equal to `message`, matching `regex`, or any. */
export interface Expectation {
  readonly kind: 'fail' | 'warn' | 'info'
  readonly message?: string
  readonly regex?: string
}

export interface ExpectedRow {
  readonly labels: Labels
  readonly values: readonly SequenceValue[]
}

export interface EvalCommand {
  readonly type: 'eval'
  readonly line: number
  readonly query: string
  /** Of an instant query both are the same and the step is 0. */
  readonly startMs: number
  readonly endMs: number
  readonly stepMs: number
  readonly expectations: readonly Expectation[]
  readonly noWarn: boolean
  readonly noInfo: boolean
  readonly ordered: boolean
  readonly string: string | undefined
  /** The instant query gives a range vector, whose points lie at these times. */
  readonly rangeVector: { readonly startMs: number; readonly stepMs: number } | undefined
  readonly scalar: number | undefined
  readonly rows: readonly ExpectedRow[]
}

export type Command = { readonly type: 'clear'; readonly line: number } | LoadCommand | EvalCommand

/**
 * Splits a promqltest script into its commands.
 * @throws ScriptSyntaxError
 */
export function parseScript(text: string, file: string): Command[] {
  const lines = text.split('\n').map((line) => (line.trim().startsWith('#') ? '' : line.trim()))
  const commands: Command[] = []
  for (let i = 0; i < lines.length; i++) {
    const head = lines[i]!
    if (head === '') continue
    let end = i + 1
    while (end < lines.length && lines[end] !== '') end++
    const block = new Block(file, i + 1, head, lines.slice(i + 1, end))
    const [command, consumed] = block.parse()
    commands.push(command)
    // A scalar row ends its command; what follows is a new one.
    i += consumed
  }
  return commands
}

class Block {
  readonly #file: string
  readonly #line: number
  readonly #head: string
  readonly #body: readonly string[]

  constructor(file: string, line: number, head: string, body: readonly string[]) {
    this.#file = file
    this.#line = line
    this.#head = head
    this.#body = body
  }

  /** @returns the command and how many lines below its head belong to it */
  parse(): [Command, number] {
    const [word] = this.#head.split(/\s+/) as [string]
    const keyword = word.toLowerCase()
    if (keyword === 'clear') return [{ type: 'clear', line: this.#line }, 0]
    if (keyword === 'load' || keyword === 'load_with_nhcb') return [this.#load(keyword), this.#body.length]
    if (keyword.startsWith('eval')) return this.#eval(keyword)
    return this.#fail(0, `unknown command ${word}; expected clear, load, load_with_nhcb or eval`)
  }

  #fail(offset: number, message: string, cause?: unknown): never {
    throw new ScriptSyntaxError(this.#file, this.#line + offset, message, { cause })
  }

  #attempt<T>(offset: number, parse: () => T): T {
    try {
      return parse()
    } catch (error) {
      return this.#fail(offset, error instanceof Error ? error.message : String(error), error)
    }
  }

  #load(keyword: string): LoadCommand {
    const step = this.#head.split(/\s+/)[1]
    if (step === undefined) this.#fail(0, 'load needs a step, as in: load 5m')
    const series: LoadedSeries[] = []
    let starts: (number | undefined)[] | undefined
    this.#body.forEach((line, i) =>
      this.#attempt(i + 1, () => {
        const [name, values] = splitSeries(line)
        if (name.endsWith('@st')) {
          starts = parseStartOffsets(values)
          return
        }
        const parsed = parseSequence(values)
        if (starts !== undefined && starts.length !== parsed.length)
          throw new Error(`${starts.length} start timestamps for ${parsed.length} samples`)
        series.push({ labels: parseSeriesLabels(name), values: parsed, startOffsetsMs: starts })
        starts = undefined
      }),
    )
    return {
      type: 'load',
      line: this.#line,
      stepMs: this.#attempt(0, () => parseDuration(step)),
      withCustomBuckets: keyword === 'load_with_nhcb',
      series,
    }
  }

  #eval(keyword: string): [EvalCommand, number] {
    const time = (text: string): number =>
      this.#attempt(0, () => (text.startsWith('-') ? -parseDuration(text.slice(1)) : parseDuration(text)))
    const instant = /^\S+\s+instant\s+at\s+(\S+)\s+(.*)$/i.exec(this.#head)
    const range = /^\S+\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.*)$/i.exec(this.#head)
    const wanted = new Wanted()
    if (keyword === 'eval_fail') wanted.expectations.push({ kind: 'fail' })
    if (keyword === 'eval_warn') wanted.expectations.push({ kind: 'warn' })
    if (keyword === 'eval_info') wanted.expectations.push({ kind: 'info' })
    if (keyword === 'eval_ordered') wanted.ordered = true
    let consumed = 0
    for (const line of this.#body) {
      consumed++
      this.#attempt(consumed, () => wanted.read(line, time))
      if (wanted.scalar !== undefined) break
    }
    const { expectations, noWarn, noInfo, ordered, string, rangeVector, scalar, rows } = wanted
    const common = { type: 'eval', line: this.#line, expectations, noWarn, noInfo, ordered, string, rangeVector, scalar, rows } as const // prettier-ignore
    if (instant !== null) {
      const at = time(instant[1]!)
      return [{ ...common, query: instant[2]!, startMs: at, endMs: at, stepMs: 0 }, consumed]
    }
    if (range === null)
      return this.#fail(
        0,
        'expected: eval instant at <time> <query>, or: eval range from <start> to <end> step <step> <query>',
      )
    const [, start, end, step, query] = range as unknown as [string, string, string, string, string]
    return [{ ...common, query, startMs: time(start), endMs: time(end), stepMs: time(step) }, consumed]
  }
}

/** The lines below an `eval`. */
class Wanted {
  readonly expectations: Expectation[] = []
  noWarn = false
  noInfo = false
  ordered = false
  string: string | undefined
  rangeVector: { startMs: number; stepMs: number } | undefined
  scalar: number | undefined
  readonly rows: ExpectedRow[] = []

  read(line: string, time: (text: string) => number): void {
    const old = /^expected_fail_(message|regexp)\s+(.*)$/.exec(line)
    if (old !== null) {
      this.expectations.length = 0
      this.expectations.push(expectation('fail', old[1] === 'message' ? 'msg' : 'regex', old[2]!))
    } else if (/^expect\b/.test(line)) this.#expect(line.replace(/^expect\s+/, ''), time)
    else this.#row(line)
  }

  #expect(line: string, time: (text: string) => number): void {
    const match = /^(fail|warn|info)(?:\s+(msg|regex):\s*(.*))?$/.exec(line)
    if (match !== null)
      this.expectations.push(expectation(match[1] as 'fail', match[2] as 'msg' | undefined, match[3] ?? ''))
    else if (line === 'no_warn') this.noWarn = true
    else if (line === 'no_info') this.noInfo = true
    else if (line === 'ordered') this.ordered = true
    else if (line.startsWith('string')) this.string = unquoteGo(line.slice('string'.length).trim())
    else {
      const range = /^range vector from (\S+) to (\S+) step (\S+)$/.exec(line)
      if (range === null) throw new Error(`unknown expectation: ${line}`)
      this.rangeVector = { startMs: time(range[1]!), stepMs: time(range[3]!) }
    }
  }

  #row(line: string): void {
    const number =
      /^[+-]?(?:[\d.]|inf|nan)/i.test(line) && !/[\s{]/.test(line) ? parseSequence(line) : undefined
    if (number?.length === 1 && number[0]!.value !== undefined) {
      this.scalar = number[0]!.value
      return
    }
    const [series, values] = splitSeries(line)
    this.rows.push({ labels: parseSeriesLabels(series), values: parseSequence(values) })
  }
}

function expectation(
  kind: Expectation['kind'],
  form: 'msg' | 'regex' | undefined,
  text: string,
): Expectation {
  if (form === undefined) return { kind }
  return form === 'msg' ? { kind, message: text.trim() } : { kind, regex: text.trim() }
}

function unquoteGo(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1)
  return JSON.parse(text) as string
}

/** `_x2 -1mx3 0s+1sx2`: start times relative to the samples. */
function parseStartOffsets(text: string): (number | undefined)[] {
  const out: (number | undefined)[] = []
  for (const item of text.split(/\s+/).filter(Boolean)) {
    const blank = /^_(?:x(\d+))?$/.exec(item)
    if (blank !== null) {
      for (let i = Number(blank[1] ?? 1); i > 0; i--) out.push(undefined)
      continue
    }
    const match = /^([+-]?\d+(?:ms|[smhdwy])?)(?:([+-]\d+(?:ms|[smhdwy])?))?(?:x(\d+))?$/.exec(item)
    if (match === null) throw new Error(`unexpected ${JSON.stringify(item)} in start timestamps`)
    const [, first, step, times] = match
    const increment = step === undefined ? 0 : offsetMs(step)
    let at = offsetMs(first!)
    out.push(at)
    for (let i = Number(times ?? 0); i > 0; i--) out.push((at += increment))
  }
  return out
}

function offsetMs(text: string): number {
  const negative = text.startsWith('-')
  const ms = parseDuration(text.replace(/^[+-]/, ''))
  return negative ? -ms : ms
}
