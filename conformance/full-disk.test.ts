import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Program, scratchDirectory, startPromontory, until, Workspace } from './support/program.ts'
import { remoteWrite } from './support/remote-writer.ts'

/*
 * A disk that is full, and one that nobody may write to: file systems of their own, in memory, which only root can mount.
 */

const DISK_BYTES = 16 * 1024 * 1024
const disk = join(scratchDirectory(), 'disk')

function canMount(): boolean {
  try {
    mkdirSync(disk, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

const mounted = canMount()

describe.skipIf(!mounted)('a disk of 16 MB (skipped where file systems cannot be mounted)', () => {
  const workspace = new Workspace()
  const data = join(disk, 'data')
  const config = join(workspace.directory, 'idle.yml')
  const ballast = join(disk, 'ballast')
  let server: Program
  /** Samples that the server said it has, by time. */
  const acknowledged = new Map<number, number>()

  const start = async (): Promise<Program> =>
    workspace.keep(
      await startPromontory({
        dataDirectory: data,
        flags: [
          '--web.enable-remote-write-receiver',
          '--log.level=warn',
          `--promontory.path=${workspace.data}`,
          `--config.file=${config}`,
        ],
      }),
    )

  beforeAll(async () => {
    mkdirSync(data, { recursive: true })
    writeFileSync(config, 'scrape_configs: []\n')
    server = await start()
  })
  afterAll(async () => {
    await workspace.clean()
    execFileSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  })

  let nextMs = Date.now() - 3_600_000

  /** One sample of each of a thousand series. @returns the status */
  async function write(): Promise<number> {
    const timeMs = (nextMs += 1000)
    const series = Array.from({ length: 1000 }, (_, i) => ({
      labels: { __name__: 'm', i: String(i) },
      samples: [[timeMs, timeMs % 1000 === i ? 0 : timeMs + i]] as const,
    }))
    const { status } = await remoteWrite(server.url, series)
    if (status === 204) acknowledged.set(timeMs, timeMs)
    return status
  }

  /** Times at which series 0 has a sample. */
  async function stored(): Promise<Set<number>> {
    const [found] = await server.query('m{i="7"}[2h]', Math.ceil(nextMs / 1000) + 1)
    return new Set((found?.values ?? []).map(([timeS]) => Math.round(timeS * 1000)))
  }

  test('when it is full, samples are refused, and everything else goes on', async () => {
    for (let i = 0; i < 20; i++) expect(await write()).toBe(204)
    // What is left is taken away but for some kilobytes.
    const { bavail, bsize } = await import('node:fs').then(({ statfsSync }) => statfsSync(disk))
    writeFileSync(ballast, Buffer.alloc(bavail * bsize - 64 * 1024))
    const statuses: number[] = []
    for (let i = 0; i < 200 && statuses.filter((status) => status !== 204).length < 5; i++)
      statuses.push(await write())
    expect(statuses.some((status) => status === 500 || status === 503)).toBe(true)
    expect(await stored()).toEqual(new Set(acknowledged.keys()))
    expect((await fetch(`${server.url}/-/healthy`)).status).toBe(200)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    expect(Number(/^prometheus_tsdb_wal_writes_failed_total (\d+)$/m.exec(metrics)?.[1])).toBeGreaterThan(0)
  })

  test('once there is room again, samples are taken again', async () => {
    rmSync(ballast)
    await until('a write that is taken', write, (status) => status === 204)
    for (let i = 0; i < 5; i++) expect(await write()).toBe(204)
    expect(await stored()).toEqual(new Set(acknowledged.keys()))
  })

  test('nothing acknowledged is missing after a kill', async () => {
    await server.stop('SIGKILL')
    server = await start()
    expect(await stored()).toEqual(new Set(acknowledged.keys()))
  })

  test('a full disk at the start is told, or the server serves what is there', async () => {
    await server.stop()
    const { bavail, bsize } = await import('node:fs').then(({ statfsSync }) => statfsSync(disk))
    writeFileSync(ballast, Buffer.alloc(bavail * bsize))
    server = await start()
    expect(await stored()).toEqual(new Set(acknowledged.keys()))
    expect([500, 503]).toContain(await write())
    rmSync(ballast)
    await until('a write that is taken', write, (status) => status === 204)
  })

  test('a disk that may only be read ends the start with a reason', async () => {
    await server.stop()
    execFileSync('mount', ['-o', 'remount,ro', disk])
    try {
      await expect(start()).rejects.toThrow(/read-only|EROFS/i)
    } finally {
      execFileSync('mount', ['-o', 'remount,rw', disk])
    }
    expect(existsSync(join(data, 'wal'))).toBe(true)
    server = await start()
    expect(await stored()).toEqual(new Set(acknowledged.keys()))
  })
})
