import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Writable } from 'node:stream'
import pino from 'pino'
import winston from 'winston'
import { expect, test } from 'vitest'
import { correlate, outgoingHeaders } from '../context.ts'
import { pinoOptions, winstonCorrelation } from './adapters.ts'
import { JsonLogger } from './logger.ts'
import { redact } from './redact.ts'
import { RotatingFile } from './rotating-file.ts'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function collect(): { lines: Record<string, unknown>[]; write: (line: string) => void } {
  const lines: Record<string, unknown>[] = []
  return { lines, write: (line) => void lines.push(JSON.parse(line) as Record<string, unknown>) }
}

test('the field set of winston, with the ids of the request across awaits', async () => {
  const { lines, write } = collect()
  const log = new JsonLogger({ service: 'backend', write })
  await correlate({ traceparent: TRACEPARENT, 'x-request-id': 'r1' }).run(async () => {
    await new Promise((done) => setTimeout(done, 1))
    log.child('db').error('query failed', { error: new Error('no'), password: 'x' })
    expect(outgoingHeaders()).toEqual({ traceparent: TRACEPARENT, 'x-correlation-id': 'r1' })
  })
  expect(lines[0]).toMatchObject({
    level: 'error', message: 'query failed', service: 'backend', logger: 'db', password: '[redacted]', error: { message: 'no' },
    correlation_id: 'r1', trace_id: '0af7651916cd43dd8448eb211c80319c', timestamp: expect.stringMatching(/Z$/),
  }) // prettier-ignore
})

test("the field set of Python's logging", () => {
  const { lines, write } = collect()
  const log = new JsonLogger({ service: 'app', fields: 'python', write })
  function segmentUser(): void {
    log
      .child('app.services.analysis_engine')
      .info('Segmentation completed for user', { user_id: 'user_12345', confidence: 0.92 })
  }
  segmentUser()
  expect(Object.keys(lines[0]!)).toEqual([
    'timestamp',
    'level',
    'logger',
    'message',
    'module',
    'function',
    'line',
    'user_id',
    'confidence',
  ])
  expect(lines[0]).toMatchObject({
    level: 'INFO',
    logger: 'app.services.analysis_engine',
    module: 'logs.test',
    function: 'segmentUser',
    line: expect.any(Number),
  })
})

test.each([
  [{ authorization: 'Bearer abc' }, { authorization: '[redacted]' }],
  [
    { apiKey: 'k', tokens: 12, token_type: 'input' },
    { apiKey: '[redacted]', tokens: 12, token_type: 'input' },
  ],
  [{ a: { b: ['postgres://u:pw@h/db'] } }, { a: { b: ['postgres://u:[redacted]@h/db'] } }],
  ['sent Bearer abcdefgh1234 and sk-abcdefgh1234', 'sent Bearer [redacted] and sk-[redacted]'],
])('redact %j', (given, wanted) => {
  expect(redact(given)).toEqual(wanted)
})

test('a circle is cut off', () => {
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  expect(JSON.stringify(redact(circle))).toContain('nested too deep')
})

test('files are put aside and the oldest go', () => {
  const folder = mkdtempSync(join(tmpdir(), 'instrument-logs-'))
  try {
    const file = new RotatingFile(join(folder, 'app.log'), { maxBytes: 20, keep: 2 })
    for (let i = 0; i < 8; i++) file.write(`line number ${i}`)
    file.close()
    expect(readdirSync(folder).sort()).toEqual(['app.log', 'app.log.1', 'app.log.2'])
    expect(readFileSync(join(folder, 'app.log'), 'utf8')).toBe('line number 7\n')
    expect(readFileSync(join(folder, 'app.log.2'), 'utf8')).toBe('line number 5\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('winston', () => {
  const { lines, write } = collect()
  const sink = new Writable({ write: (chunk: Buffer, _, done) => (write(chunk.toString()), done()) })
  const format = winston.format.combine(
    winston.format.timestamp(),
    winstonCorrelation() as never,
    winston.format.json(),
  )
  const logger = winston.createLogger({
    format,
    defaultMeta: { service: 'dev-pynode-backend' },
    transports: [new winston.transports.Stream({ stream: sink })],
  })
  correlate({ 'x-correlation-id': 'c1' }).run(() => logger.info('hello', { secret: 's' }))
  expect(lines[0]).toMatchObject({
    level: 'info',
    message: 'hello',
    service: 'dev-pynode-backend',
    correlation_id: 'c1',
    secret: '[redacted]',
  })
})

test('pino', () => {
  const { lines, write } = collect()
  const logger = pino(pinoOptions({ service: 'backend' }) as never, { write })
  correlate({ 'x-correlation-id': 'c2' }).run(() => logger.warn({ cookie: 'x' }, 'careful'))
  expect(lines[0]).toMatchObject({
    level: 'warn',
    message: 'careful',
    service: 'backend',
    correlation_id: 'c2',
    cookie: '[redacted]',
  })
})
