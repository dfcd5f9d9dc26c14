import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { freePort } from './program.ts'

/** Where Debian puts the server's programs: not in PATH. */
const BASE = '/usr/lib/postgresql'
const bin = existsSync(BASE)
  ? readdirSync(BASE)
      .map((version) => join(BASE, version, 'bin'))
      .findLast((path) => existsSync(join(path, 'initdb')))
  : undefined
const isRoot = process.getuid?.() === 0

/** Whether a PostgreSQL can be started here. */
export const HAS_POSTGRES: boolean =
  bin !== undefined && (!isRoot || spawnSync('id', ['postgres']).status === 0)

/** A PostgreSQL of our own that can go away and come back. */
export class Postgres {
  readonly url: string
  readonly #data: string
  readonly #port: number

  private constructor(data: string, port: number) {
    this.#data = data
    this.#port = port
    this.url = `postgres://promontory:secret@127.0.0.1:${port}/postgres`
  }

  /** @param directory an empty one of ours; others get the right to look into it */
  static async create(directory: string): Promise<Postgres> {
    const data = join(directory, 'pg')
    mkdirSync(data)
    chmodSync(directory, 0o755)
    if (isRoot) execFileSync('chown', ['postgres', data])
    const postgres = new Postgres(data, await freePort())
    const cluster = [
      '-D',
      join(data, 'cluster'),
      '-U',
      'promontory',
      '-A',
      'trust',
      '-E',
      'UTF8',
      '--no-sync',
    ]
    postgres.#run('initdb', cluster)
    postgres.start()
    return postgres
  }

  start(): void {
    const options = `-p ${this.#port} -k ${this.#data} -c listen_addresses=127.0.0.1 -c fsync=off`
    this.#run('pg_ctl', [
      '-D',
      join(this.#data, 'cluster'),
      '-w',
      '-l',
      join(this.#data, 'log'),
      '-o',
      options,
      'start',
    ])
  }

  stop(): void {
    this.#run('pg_ctl', ['-D', join(this.#data, 'cluster'), '-w', '-m', 'immediate', 'stop'])
  }

  /** The server refuses to run as root. */
  #run(name: string, args: readonly string[]): void {
    const command = [join(bin!, name), ...args]
    const [first, ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command
    execFileSync(first!, rest, { stdio: 'ignore', cwd: this.#data })
  }
}
