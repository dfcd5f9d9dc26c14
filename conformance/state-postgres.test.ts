import { execFileSync, spawnSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, type Program, scratchDirectory, spawnPromontory } from './support/program.ts'

/** Where Debian puts the server's programs: not in PATH. */
const BASE = '/usr/lib/postgresql'
const bin = existsSync(BASE)
  ? readdirSync(BASE)
      .map((version) => join(BASE, version, 'bin'))
      .findLast((path) => existsSync(join(path, 'initdb')))
  : undefined
const isRoot = process.getuid?.() === 0
const canRun = bin !== undefined && (!isRoot || spawnSync('id', ['postgres']).status === 0)

describe.skipIf(!canRun)(
  `PostgreSQL as the state database${canRun ? '' : ' (skipped: PostgreSQL is not installed)'}`,
  () => {
    const directory = scratchDirectory()
    const data = join(directory, 'pg')
    let database: string
    const programs: Program[] = []

    /** The server refuses to run as root. */
    const asUser = (name: string, args: readonly string[]): void => {
      const command = [join(bin!, name), ...args]
      const [first, ...rest] = isRoot ? ['runuser', '-u', 'postgres', '--', ...command] : command
      execFileSync(first!, rest, { stdio: 'ignore', cwd: data })
    }

    beforeAll(async () => {
      mkdirSync(data)
      chmodSync(directory, 0o755)
      if (isRoot) execFileSync('chown', ['postgres', data])
      const port = await freePort()
      asUser('initdb', [
        '-D',
        join(data, 'cluster'),
        '-U',
        'promontory',
        '-A',
        'trust',
        '-E',
        'UTF8',
        '--no-sync',
      ])
      asUser('pg_ctl', [
        '-D',
        join(data, 'cluster'),
        '-w',
        '-l',
        join(data, 'log'),
        '-o',
        `-p ${port} -k ${data} -c listen_addresses=127.0.0.1 -c fsync=off`,
        'start',
      ])
      database = `postgres://promontory:secret@127.0.0.1:${port}/postgres`
      const flags = [`--state.database=${database}`]
      // Both at once: they have to agree on who makes the tables.
      const started = await Promise.all(
        ['a', 'b'].map((name) => spawnPromontory({ dataDirectory: join(directory, name), flags })),
      )
      programs.push(...started.map(({ program }) => program))
      await Promise.all(programs.map((program) => program.ready('/-/ready')))
    })
    afterAll(async () => {
      await Promise.all(programs.map((program) => program.stop()))
      asUser('pg_ctl', ['-D', join(data, 'cluster'), '-m', 'immediate', 'stop'])
      rmSync(directory, { recursive: true, force: true })
    })

    const post = async (program: Program, path: string, body: unknown): Promise<Record<string, unknown>> => {
      const response = await fetch(`${program.url}${path}`, { method: 'POST', body: JSON.stringify(body) })
      return (await response.json()) as Record<string, unknown>
    }

    test('what one instance saves, the other shows; the password is in no log', async () => {
      const [a, b] = programs as [Program, Program]
      const model = { title: 'Shared', n: 2 ** 40, panels: [{ title: 'ü😀' }] }
      const { uid } = await post(a, '/api/dashboards/db', { dashboard: model })
      const { dashboard } = await b.json<{ dashboard: object }>(`/api/dashboards/uid/${String(uid)}`)
      expect(dashboard).toMatchObject({ ...model, version: 1 })
      const saves = await Promise.all(
        [a, b].map((program) =>
          post(program, '/api/dashboards/db', { dashboard: { ...model, uid, version: 1 } }),
        ),
      )
      expect(saves.map(({ status }) => status).sort()).toEqual(['success', 'version-mismatch'])
      await post(a, '/api/annotations', { text: 'deploy', tags: ['x'], time: 1_700_000_000_000 })
      expect(await b.json('/api/annotations?tags=x')).toMatchObject([
        { text: 'deploy', time: 1_700_000_000_000 },
      ])
      expect(await b.json<unknown[]>('/api/datasources')).toHaveLength(2)
      expect(a.output + b.output).not.toContain('secret@')
    })

    test('users and tokens are shared', async () => {
      const [a, b] = programs as [Program, Program]
      const { id } = await post(a, '/api/serviceaccounts', { name: 'ci', role: 'Editor' })
      const { key } = await post(a, `/api/serviceaccounts/${String(id)}/tokens`, { name: 't' })
      const headers = { authorization: `Bearer ${String(key)}`, 'x-forwarded-for': '192.0.2.9' }
      expect(await (await fetch(`${b.url}/api/user`, { headers })).json()).toMatchObject({
        login: 'sa-1-ci',
        role: 'Editor',
      })
    })
  },
)
