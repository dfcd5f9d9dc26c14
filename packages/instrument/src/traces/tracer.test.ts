import { createServer } from 'node:http'
import { expect, test } from 'vitest'
import { correlate } from '../context.ts'
import { Tracer } from './tracer.ts'

test('spans nest, carry on the trace of the request, and are sent as OTLP', async () => {
  const bodies: string[] = []
  const server = createServer((request, response) => {
    let text = ''
    request.on('data', (part: Buffer) => (text += part.toString()))
    request.on('end', () => (bodies.push(text), response.end('{}')))
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const { port } = server.address() as { port: number }
  const tracer = new Tracer({ url: `http://127.0.0.1:${port}/v1/traces`, service: 'dev-pynode' })
  const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
  await correlate({ traceparent }).run(() =>
    tracer.span('outer', () =>
      tracer.span('ai-request', () => 1, { kind: 'client', attributes: { 'ai.model': 'gpt-4' } }),
    ),
  )
  await expect(tracer.span('broken', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  await tracer.close()
  server.closeAllConnections()
  server.close()
  const { resourceSpans } = JSON.parse(bodies[0]!) as {
    resourceSpans: { scopeSpans: { spans: Record<string, unknown>[] }[] }[]
  }
  const [inner, outer, broken] = resourceSpans[0]!.scopeSpans[0]!.spans
  expect(outer).toMatchObject({
    name: 'outer',
    traceId: '0af7651916cd43dd8448eb211c80319c',
    parentSpanId: 'b7ad6b7169203331',
  })
  expect(inner).toMatchObject({
    name: 'ai-request',
    kind: 3,
    parentSpanId: outer!['spanId'],
    attributes: [{ key: 'ai.model', value: { stringValue: 'gpt-4' } }],
  })
  expect(broken).toMatchObject({ name: 'broken', status: { code: 2, message: 'no' } })
})

test('a collector that is away costs spans only', async () => {
  const tracer = new Tracer({ url: 'http://127.0.0.1:1/v1/traces', service: 'x' })
  await tracer.span('a', () => 1)
  await tracer.close()
  expect(tracer.dropped).toBe(1)
})
