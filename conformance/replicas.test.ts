import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { peer } from './support/peers.ts'
import { freePort, Program, sleep, startPromontory, until, Workspace } from './support/program.ts'

const prometheus = peer('prometheus')

describe.skipIf(prometheus === undefined)(
  '--query.replica-label: two of ours write, a real Prometheus is read (skipped when it is not installed)',
  () => {
    const workspace = new Workspace()
    let count = 0
    const application = createServer((_request, response) => {
      count += 1
      response.writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
      response.end(`# TYPE work_total counter\nwork_total ${count}\n`)
    })
    afterAll(async () => {
      application.close()
      await workspace.clean()
    })

    test('one series of three, also while replicas come and go', async () => {
      await new Promise<void>((done) => application.listen(0, '127.0.0.1', done))
      const target = `127.0.0.1:${(application.address() as AddressInfo).port}`
      mkdirSync(workspace.directory, { recursive: true })
      const [centrePort, promPort] = [await freePort(), await freePort()]
      const scraping = (replica: string, more: string): string =>
        `global: { scrape_interval: 1s, scrape_timeout: 1s, external_labels: { replica: ${replica} } }
scrape_configs: [{ job_name: work, static_configs: [{ targets: ['${target}'] }] }]
${more}`
      const writes = `remote_write: [{ url: 'http://127.0.0.1:${centrePort}/api/v1/write', queue_config: { batch_send_deadline: 200ms } }]\n`
      const file = join(workspace.directory, 'prometheus.yml')
      writeFileSync(file, scraping('c', ''))
      const args = [
        `--config.file=${file}`,
        `--storage.tsdb.path=${join(workspace.directory, 'c')}`,
        `--web.listen-address=127.0.0.1:${promPort}`,
        '--log.level=error',
      ]
      const c = workspace.keep(
        await new Program(prometheus!, args, `http://127.0.0.1:${promPort}`).ready('/-/ready'),
      )
      const centre = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          port: centrePort,
          config: `scrape_configs: []\nremote_read: [{ url: 'http://127.0.0.1:${promPort}/api/v1/read', read_recent: true }]\n`,
          flags: ['--web.enable-remote-write-receiver', '--query.replica-label=replica'],
        }),
      )
      const replica = async (name: string): Promise<Program> => {
        mkdirSync(join(workspace.directory, name), { recursive: true })
        return workspace.keep(
          await startPromontory({
            dataDirectory: join(workspace.directory, name, 'data'),
            config: scraping(name, writes),
          }),
        )
      }
      const [a, b] = [await replica('a'), await replica('b')]
      const samples = async (window: string): Promise<number[]> =>
        (await centre.query(`count_over_time(work_total[${window}])`)).map(({ value }) => Number(value![1]))
      await until('ten seconds of all', () => samples('10s'), ([found]) => (found ?? 0) >= 9) // prettier-ignore
      const expectOne = async (): Promise<void> => {
        const found = await centre.query('work_total')
        expect(found.map(({ metric }) => metric)).toEqual([
          { __name__: 'work_total', instance: target, job: 'work' },
        ])
        const [inTen] = await samples('10s')
        // Of one replica, not of three (thirty); a change of replicas may leave a gap of two intervals or five seconds, or bring a sample of each.
        expect(inTen).toBeLessThanOrEqual(14)
        expect(inTen).toBeGreaterThanOrEqual(4)
        // Three scrapes a second add three: were samples of several mixed in, each step back would count as a reset.
        const [rate] = await centre.query('rate(work_total[10s])')
        expect(Number(rate!.value![1])).toBeLessThan(6)
      }
      await expectOne()
      await a.stop('SIGKILL')
      await sleep(7000)
      await expectOne()
      await b.stop('SIGKILL')
      await sleep(7000)
      // Only what is read from the real Prometheus is left.
      await expectOne()
      const [newest] = await centre.query('time() - timestamp(work_total)')
      expect(Number(newest!.value![1])).toBeLessThan(5)
      await c.stop('SIGKILL')
      const answer = await centre.json<{ warnings?: string[] }>('/api/v1/query?query=work_total')
      expect(answer.warnings?.join()).toContain('remote_read')
    })
  },
)
