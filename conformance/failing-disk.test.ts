import { execFileSync } from 'node:child_process'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, Program, ROOT, until, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

/*
 * A disk that answers with EIO: a library that is loaded before the C library's own fails reads or writes of files below one
 * directory while a switch is on.
 */

const workspace = new Workspace()
const library = join(workspace.directory, 'failing-disk.so')

function canBuild(): boolean {
  const source = fileURLToPath(new URL('./support/failing-disk.c', import.meta.url))
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', library, source, '-ldl'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!canBuild())('input and output errors (skipped where there is no C compiler)', () => {
  const config = join(workspace.directory, 'idle.yml')
  const failing = {
    reads: join(workspace.directory, 'fail-reads'),
    writes: join(workspace.directory, 'fail-writes'),
  }
  let server: Program
  const acknowledged = new Set<number>()
  let nextMs = Date.now() - 600_000

  const variables = [
    `LD_PRELOAD=${library}`,
    `FAILING_DIRECTORY=${workspace.data}`,
    `FAILING_READS=${failing.reads}`,
    `FAILING_WRITES=${failing.writes}`,
  ]

  const start = async (): Promise<Program> => {
    const port = await freePort()
    const args = [
      'serve', `--config.file=${config}`, `--storage.tsdb.path=${workspace.data}`, `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver', '--log.level=error',
    ] // prettier-ignore
    const program = new Program(
      'env',
      [...variables, join(ROOT, 'bin/promontory'), ...args],
      `http://127.0.0.1:${port}`,
    )
    return workspace.keep(await program.ready('/-/ready'))
  }

  beforeAll(async () => {
    writeFileSync(config, 'scrape_configs: []\nstorage: { tsdb: { out_of_order_time_window: 30m } }\n')
    makeBlock()
    server = await start()
  })
  afterAll(() => workspace.clean())

  /** An hour of yesterday, as a block. */
  function makeBlock(): void {
    const startS = Math.floor(Date.now() / 1000) - 86_400
    const lines = Array.from({ length: 240 }, (_, i) => `past{i="7"} ${i} ${startS + 15 * i}`)
    const file = join(workspace.directory, 'past.txt')
    writeFileSync(file, `# TYPE past gauge\n${lines.join('\n')}\n# EOF\n`)
    execFileSync(join(ROOT, 'bin/promontory'), [
      'tsdb',
      'create-blocks-from',
      'openmetrics',
      '-q',
      file,
      workspace.data,
    ])
  }

  async function write(): Promise<number> {
    const timeMs = (nextMs += 1000)
    const series = Array.from({ length: 50 }, (_, i) => ({
      labels: { __name__: 'm', i: String(i) },
      samples: [[timeMs, timeMs + i]] as const,
    }))
    const { status } = await remoteWrite(server.url, series)
    if (status === 204) acknowledged.add(timeMs)
    return status
  }

  async function stored(): Promise<Set<number>> {
    const [found] = await server.query('m{i="7"}[6h]', Math.ceil(nextMs / 1000) + 1)
    return new Set((found?.values ?? []).map(([timeS]) => Math.round(timeS * 1000)))
  }

  test('a log that cannot be written: samples are refused, nothing that was taken is lost', async () => {
    for (let i = 0; i < 20; i++) expect(await write()).toBe(204)
    writeFileSync(failing.writes, '')
    const statuses = [await write(), await write(), await write()]
    expect(statuses.every((status) => status === 500 || status === 503)).toBe(true)
    expect(await stored()).toEqual(acknowledged)
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200)
    rmSync(failing.writes)
    await until('a write that is taken', write, (status) => status === 204)
    await server.stop('SIGKILL')
    server = await start()
    expect(await stored()).toEqual(acknowledged)
  })

  test('a log of late samples that cannot be written: they are refused and counted, and taken later', async () => {
    const newestMs = nextMs
    let lateMs = newestMs - 600_000
    const taken = new Set<number>()
    const late = async (isRefused = false): Promise<number> => {
      const timeMs = (lateMs += 1000)
      // Behind all others of the series, alone or with one that is in order.
      const { status } = await remoteWrite(server.url, [
        { labels: { __name__: 'late' }, samples: [[timeMs, timeMs]] },
      ])
      if (status === 204) taken.add(timeMs)
      else expect(isRefused).toBe(true)
      return status
    }
    const found = async (): Promise<Set<number>> => {
      const [series] = await server.query('late[1h]', newestMs / 1000 - 1)
      return new Set((series?.values ?? []).map(([timeS]) => Math.round(timeS * 1000)))
    }
    expect((await remoteWrite(server.url, [{ labels: { __name__: 'late' }, samples: [[newestMs, 1]] }])).status).toBe(204) // prettier-ignore
    for (let i = 0; i < 5; i++) expect(await late()).toBe(204)
    writeFileSync(failing.writes, '')
    for (let i = 0; i < 3; i++) expect([500, 503]).toContain(await late(true))
    expect(await found()).toEqual(taken)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(metrics).toMatch(/^prometheus_tsdb_out_of_order_wbl_writes_failed_total [1-9]/m)
    rmSync(failing.writes)
    await until(
      'a late write that is taken',
      () => late(true),
      (status) => status === 204,
    )
    for (let i = 0; i < 3; i++) expect(await late()).toBe(204)
    expect(await found()).toEqual(taken)
    await server.stop('SIGKILL')
    server = await start()
    expect(await found()).toEqual(taken)
  })

  test('a block that cannot be read: the answer is an error that says so, and right again afterwards', async () => {
    // The last test has started the server anew: nobody has read the block's chunks.
    writeFileSync(failing.reads, '')
    const failed = await fetch(`${server.url}/api/v1/query?query=count_over_time(past[2d])`)
    const body = (await failed.json()) as { status: string; error: string }
    expect([failed.status, body.status]).toEqual([500, 'error'])
    expect(body.error).toMatch(/EIO|i\/o error/)
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200)
    rmSync(failing.reads)
    const [found] = await server.query('count_over_time(past[2d])')
    expect(found?.value?.[1]).toBe('240')
  })
})
