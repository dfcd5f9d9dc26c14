import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type Program,
  scratchDirectory,
  sleep,
  startPromontory,
  until,
  Workspace,
} from './support/program.ts'

const DISK_BYTES = 8 * 1024 * 1024
const disk = join(scratchDirectory(), 'disk')

/** A file system of its own, in memory: only root can mount one. */
function canMount(): boolean {
  try {
    mkdirSync(disk, { recursive: true })
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tmpfs', disk], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

describe.skipIf(!canMount())(
  'the disk of silences, notification log and history is full (skipped where file systems cannot be mounted)',
  () => {
    const workspace = new Workspace()
    const ballast = join(disk, 'ballast')
    const told: string[] = []
    let receiver: Server
    let server: Program
    let file: string

    const start = async (): Promise<Program> =>
      workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          flags: [`--promontory.path=${disk}`, `--alertmanager.config.file=${file}`, `--config.file=${workspace.directory}/idle.yml`],
        }),
      ) // prettier-ignore

    beforeAll(async () => {
      receiver = createServer((request, response) => {
        let body = ''
        request.on('data', (data: Buffer) => (body += data.toString()))
        request.on('end', () => {
          const { groupLabels, status } = JSON.parse(body) as { groupLabels: { alertname: string }; status: string }
          told.push(`${groupLabels.alertname} ${status}`)
          response.end()
        })
      }).listen(0, '127.0.0.1') // prettier-ignore
      await once(receiver, 'listening')
      file = join(workspace.directory, 'alertmanager.yml')
      const { port } = receiver.address() as AddressInfo
      writeFileSync(
        file,
        `route: {receiver: hook, group_by: [alertname], group_wait: 200ms, group_interval: 1s, repeat_interval: 1h}
receivers: [{name: hook, webhook_configs: [{url: 'http://127.0.0.1:${port}/'}]}]\n`,
      )
      writeFileSync(join(workspace.directory, 'idle.yml'), 'scrape_configs: []\n')
      server = await start()
    })
    afterAll(async () => {
      await workspace.clean()
      receiver.close()
      execFileSync('umount', ['-l', disk])
      rmSync(disk, { recursive: true, force: true })
    })

    const post = async (path: string, body: unknown): Promise<number> => {
      const headers = { 'content-type': 'application/json' }
      const response = await fetch(server.url + path, { method: 'POST', headers, body: JSON.stringify(body) })
      await response.arrayBuffer()
      return response.status
    }
    const fire = (...names: string[]): Promise<number> =>
      post(
        '/api/v2/alerts',
        names.map((alertname) => ({ labels: { alertname }, endsAt: new Date(Date.now() + 600_000).toISOString() })),
      ) // prettier-ignore
    const silence = (alertname: string): Promise<number> =>
      post('/api/v2/silences', {
        matchers: [{ name: 'alertname', value: alertname, isRegex: false }],
        startsAt: new Date().toISOString(),
        endsAt: new Date(Date.now() + 600_000).toISOString(),
        createdBy: 'me',
        comment: 'c',
      })
    const silences = async (): Promise<number> => (await server.json<unknown[]>('/api/v2/silences')).length
    const during = Array.from({ length: 100 }, (_, i) => `During${i}`)
    const fill = (): void => {
      try {
        writeFileSync(ballast, Buffer.alloc(DISK_BYTES, 1))
      } catch {
        // It is full: that is what it is for.
      }
    }

    test('alerts are told, once; a silence that cannot be kept is refused; with room again all is kept', async () => {
      expect(await fire('Before')).toBe(200)
      await until('the first notification', async () => told.length, (count) => count === 1) // prettier-ignore
      fill()
      // More than what fits into the pages that the files have already.
      expect(await fire(...during)).toBe(200)
      await until('a notification from a full disk', async () => told.length, (count) => count === 101) // prettier-ignore
      expect(await silence('Silent')).toBe(500)
      expect(await silences()).toBe(0)
      // Several group intervals: what could not be written down is not told again while the process lives.
      await sleep(3000)
      expect(told).toHaveLength(101)
      expect(new Set(told).size).toBe(101)
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      expect(metrics).toMatch(/^alertmanager_nflog_write_errors_total [1-9]/m)
      rmSync(ballast)
      expect(await silence('Silent')).toBe(200)
      expect(await silences()).toBe(1)
      expect(await fire('After', 'Silent')).toBe(200)
      await until('a notification with room again', async () => told.length, (count) => count === 102) // prettier-ignore
      await server.stop('SIGTERM')
      server = await start()
      expect(await silences()).toBe(1)
      expect(await fire('Before', 'After', 'Silent', ...during)).toBe(200)
      await sleep(2500)
      // What could not be written down at first was when there was room.
      expect(told.slice(102)).toEqual([])
      const { events } = await server.data<{ events: { kind: string; detail: string }[] }>('/api/v1/notifications/history')
      expect(events.some(({ kind }) => kind === 'notified')).toBe(true)
      expect(events.some(({ kind }) => kind === 'silenced')).toBe(true)
    }, 60_000) // prettier-ignore
  },
)
