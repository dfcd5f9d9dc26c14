import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { freePort, Program, startPromontory, until, Workspace } from './support/program.ts'

const python = ['/usr/bin/python3'].find(
  (path) => existsSync(path) && spawnSync(path, ['-c', 'import prometheus_client']).status === 0,
)

/** As FastAPI does with `app.mount("/metrics", make_asgi_app())`, on the smallest server that speaks ASGI. */
const SERVICE = `
import asyncio, sys
from prometheus_client import Counter, Histogram, make_asgi_app

Counter('ai_requests_total', 'AI requests', ['model', 'provider', 'status']).labels('gpt-4', 'openai', 'success').inc(3)
Histogram('ai_request_duration_seconds', 'Duration', ['model', 'provider']).labels('gpt-4', 'openai').observe(0.3)
metrics = make_asgi_app()

async def serve(reader, writer):
    head = (await reader.readuntil(b'\\r\\n\\r\\n')).decode().split('\\r\\n')
    method, path, _ = head[0].split(' ')
    headers = [(n.strip().lower().encode(), v.strip().encode()) for n, _, v in (line.partition(':') for line in head[1:] if line)]
    if not path.startswith('/metrics'):
        writer.write(b'HTTP/1.1 404 Not Found\\r\\ncontent-length: 0\\r\\nconnection: close\\r\\n\\r\\n')
    else:
        async def receive():
            return {'type': 'http.request', 'body': b'', 'more_body': False}
        async def send(event):
            if event['type'] == 'http.response.start':
                writer.write(f"HTTP/1.1 {event['status']} OK\\r\\nconnection: close\\r\\n".encode())
                for name, value in event['headers']:
                    writer.write(name + b': ' + value + b'\\r\\n')
                writer.write(b'\\r\\n')
            else:
                writer.write(event.get('body', b''))
        scope = {'type': 'http', 'method': method, 'root_path': '/metrics', 'path': path[8:] or '/', 'query_string': b'', 'headers': headers}
        await metrics(scope, receive, send)
    await writer.drain()
    writer.close()

async def main():
    server = await asyncio.start_server(serve, '127.0.0.1', int(sys.argv[1]))
    await server.serve_forever()

asyncio.run(main())
`

describe.skipIf(python === undefined)(
  'a Python service with a mounted ASGI app (skipped without prometheus_client)',
  () => {
    const workspace = new Workspace()
    afterAll(() => workspace.clean())

    test('is scraped at its path, at the pace of its own job', async () => {
      mkdirSync(workspace.directory, { recursive: true })
      const script = join(workspace.directory, 'service.py')
      writeFileSync(script, SERVICE)
      const port = await freePort()
      const service = workspace.keep(
        await new Program(python!, [script, String(port)], `http://127.0.0.1:${port}`).ready('/metrics'),
      )
      const server = workspace.keep(
        await startPromontory({
          dataDirectory: workspace.data,
          config: `global: { scrape_interval: 1m, scrape_timeout: 10s }
scrape_configs:
  - job_name: 'ai-core'
    metrics_path: '/metrics'
    scrape_interval: 1s
    scrape_timeout: 900ms
    static_configs:
      - targets: ['${new URL(service.url).host}']
`,
        }),
      )
      const [sample] = await until(
        'two scrapes',
        () => server.query('count_over_time(ai_requests_total{job="ai-core", model="gpt-4", provider="openai", status="success"}[1m])'), // prettier-ignore
        ([found]) => Number(found?.value?.[1] ?? 0) >= 2,
      )
      expect(sample!.metric['instance']).toBe(new URL(service.url).host)
      const [mean] = await server.query('ai_request_duration_seconds_sum / ai_request_duration_seconds_count')
      expect(Number(mean!.value![1])).toBeCloseTo(0.3)
    })
  },
)
