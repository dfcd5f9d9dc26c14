import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

/** The repository's root. */
export const ROOT: string = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
/** Real data beside the repository; tests that use it skip where it is absent. */
export const SHARED: string = process.env['PROMONTORY_SHARED'] ?? resolve(ROOT, '../shared')

export function scratchDirectory(): string {
  return mkdtempSync(join(tmpdir(), 'promontory-conformance-'))
}

export function freePort(): Promise<number> {
  return new Promise((done, fail) => {
    const server = createServer()
    server.once('error', fail)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => done(port))
    })
  })
}

/** A program that runs, with what it printed. */
export class Program {
  readonly child: ChildProcess
  readonly url: string
  output = ''
  readonly ended: Promise<number | null>

  constructor(command: string, args: readonly string[], url: string, cwd?: string) {
    this.url = url
    this.child = spawn(command, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(cwd === undefined ? {} : { cwd }),
    })
    for (const stream of [this.child.stdout!, this.child.stderr!])
      stream.on('data', (data: Buffer) => (this.output += data.toString()))
    this.ended = new Promise((done) => {
      this.child.on('exit', (code) => done(code))
      this.child.on('error', (error) => {
        this.output += error.message
        done(null)
      })
    })
  }

  /** Waits until `path` answers 200. @throws Error with the program's output when it ends or takes too long */
  async ready(path: string, timeoutMs = 30_000): Promise<this> {
    let over = false
    void this.ended.then(() => (over = true))
    const until = Date.now() + timeoutMs
    while (!over && Date.now() < until) {
      const ok = await fetch(this.url + path).then(
        (response) => response.ok,
        () => false,
      )
      if (ok) return this
      await sleep(50)
    }
    this.child.kill('SIGKILL')
    throw new Error(`${this.url}${path} was not ready:\n${this.output}`)
  }

  async stop(signal: NodeJS.Signals = 'SIGTERM'): Promise<number | null> {
    this.child.kill(signal)
    return this.ended
  }

  /** GET below the program's URL, as JSON. */
  async json<T>(path: string): Promise<T> {
    const response = await fetch(this.url + path)
    const text = await response.text()
    try {
      return JSON.parse(text) as T
    } catch {
      throw new Error(`${path} answered ${response.status}: ${text.slice(0, 400)}`)
    }
  }

  /** The `data` of an API answer. @throws Error for an error answer */
  async data<T>(path: string): Promise<T> {
    const envelope = await this.json<{ status: string; data: T; error?: string }>(path)
    if (envelope.status !== 'success') throw new Error(`${path}: ${envelope.error}`)
    return envelope.data
  }

  async query(expr: string, timeS?: number): Promise<QueryResult[]> {
    const time = timeS === undefined ? '' : `&time=${timeS}`
    return (
      await this.data<{ result: QueryResult[] }>(`/api/v1/query?query=${encodeURIComponent(expr)}${time}`)
    ).result
  }
}

export interface QueryResult {
  readonly metric: Record<string, string>
  readonly value?: [number, string]
  readonly values?: [number, string][]
}

export interface PromontoryOptions {
  readonly config?: string
  readonly dataDirectory: string
  readonly port?: number
  readonly flags?: readonly string[]
}

/** Starts the built program and waits until it is ready. */
export async function startPromontory(options: PromontoryOptions): Promise<Program> {
  const { program } = await spawnPromontory(options)
  return program.ready('/-/ready')
}

export async function spawnPromontory({
  config,
  dataDirectory,
  port,
  flags = [],
}: PromontoryOptions): Promise<{ program: Program; port: number }> {
  const ownPort = port ?? (await freePort())
  const args = [
    'serve',
    `--storage.tsdb.path=${dataDirectory}`,
    `--web.listen-address=127.0.0.1:${ownPort}`,
    ...flags,
  ]
  if (config !== undefined) {
    const file = join(dataDirectory, '..', `prometheus-${ownPort}.yml`)
    writeFileSync(file, config)
    args.push(`--config.file=${file}`)
  }
  return {
    program: new Program(join(ROOT, 'bin/promontory'), args, `http://127.0.0.1:${ownPort}`),
    port: ownPort,
  }
}

export function sleep(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms))
}

/** Asks again until the answer is as wanted. @throws Error with the last answer */
export async function until<T>(
  what: string,
  ask: () => Promise<T>,
  wanted: (answer: T) => boolean,
  timeoutMs = 60_000,
): Promise<T> {
  const end = Date.now() + timeoutMs
  let last: unknown
  while (Date.now() < end) {
    try {
      const answer = await ask()
      if (wanted(answer)) return answer
      last = answer
    } catch (error) {
      last = error
    }
    await sleep(200)
  }
  throw new Error(
    `${what} did not come about; last: ${last instanceof Error ? last.message : JSON.stringify(last)?.slice(0, 2000)}`,
  )
}

/** A directory with a data directory inside, removed at the end. */
export class Workspace {
  readonly directory: string = scratchDirectory()
  readonly #running: Program[] = []

  get data(): string {
    return join(this.directory, 'data')
  }

  keep<T extends Program>(program: T): T {
    this.#running.push(program)
    return program
  }

  async clean(): Promise<void> {
    await Promise.all(this.#running.map((program) => program.stop('SIGKILL')))
    rmSync(this.directory, { recursive: true, force: true })
  }
}
