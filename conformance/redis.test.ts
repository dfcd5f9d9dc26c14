import { createServer, type Server } from 'node:net'
import { afterAll, describe, expect, test } from 'vitest'
import { openCache } from '../examples/agentic-backend/src/cache.ts'
import { Redis } from '../examples/agentic-backend/src/redis.ts'
import { instrument } from '../packages/instrument/src/index.ts'
import { run } from './support/peers.ts'
import { freePort, Program, until, Workspace } from './support/program.ts'

const workspace = new Workspace()
const servers: Server[] = []
afterAll(async () => {
  await workspace.clean()
  for (const server of servers) server.close()
})

const hasRedis = ((): boolean => {
  try {
    return run('redis-server', ['--version']).code === 0
  } catch {
    return false
  }
})()

async function startRedis(port: number): Promise<Program> {
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', workspace.directory, '--maxmemory', '8mb'] // prettier-ignore
  const program = workspace.keep(new Program('redis-server', args, `redis://127.0.0.1:${port}`))
  await until(
    'Redis',
    async () => program.output,
    (output) => /ready to accept connections/i.test(output),
  )
  return program
}

async function value(kit: ReturnType<typeof instrument>, series: string): Promise<number> {
  const line = (await kit.registry.metrics()).split('\n').find((each) => each.startsWith(`${series} `))
  return Number(line?.split(' ')[1])
}

describe.skipIf(!hasRedis)("the example's cache on Redis (skipped without redis-server)", () => {
  test('entries, figures of its memory, and a Redis that goes and comes back', async () => {
    const kit = instrument({ service: 'cache' })
    const port = await freePort()
    const first = await startRedis(port)
    const cache = await openCache(kit, new Set(), first.url)
    expect(cache.kind).toBe('redis')
    expect(await cache.get('document', '1')).toBeUndefined()
    const text = `{"ü":"${'x'.repeat(100_000)}"}\r\n$5`
    await cache.set('document', '1', text)
    expect(await cache.get('document', '1')).toBe(text)
    expect(await Promise.all([1, 2, 1].map((key) => cache.get('document', String(key))))).toEqual([text, undefined, text]) // prettier-ignore
    expect(await value(kit, 'cache_hits_total')).toBe(3)
    expect(await value(kit, 'cache_misses_total')).toBe(2)
    expect(await value(kit, 'redis_memory_max_bytes')).toBe(8 * 1024 * 1024)
    expect(await value(kit, 'redis_memory_used_bytes')).toBeGreaterThan(100_000)
    expect(await value(kit, 'cache_operations_total{operation="set",result="ok"}')).toBe(1)

    await first.stop('SIGKILL')
    expect(await cache.get('document', '1')).toBeUndefined()
    await cache.set('document', '1', 'x')
    expect(await value(kit, 'cache_operations_total{operation="set",result="error"}')).toBe(1)
    await expect(cache.ping()).rejects.toThrow(/ECONNREFUSED|closed/)
    await startRedis(port)
    await cache.ping()
    cache.close()
    await kit.close()
  })

  test('an error of Redis is told with its text', async () => {
    const { url } = await startRedis(await freePort())
    const redis = await Redis.open(url)
    await expect(redis.ask('NONSENSE')).rejects.toThrow(/unknown command/)
    expect(await redis.ask('INCRBY', 'n', '7')).toBe(7)
    redis.close()
  })
})

/** A server that says the same to whoever comes. */
async function saying(...parts: readonly string[]): Promise<string> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined)
    socket.once('data', async () => {
      for (const part of parts) {
        socket.write(part)
        await new Promise((done) => setTimeout(done, 5))
      }
    })
  })
  servers.push(server)
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  return `redis://127.0.0.1:${(server.address() as { port: number }).port}`
}

test('a reply in pieces', async () => {
  const redis = await Redis.open(await saying('+PO', 'NG\r', '\n$5\r\nab', 'c\r\n', '\r\n'))
  redis.close()
  await expect(redis.ask('GET', 'x')).rejects.toThrow('the connection is closed')
})

test.each([
  ['HTTP/1.1 400 Bad Request\r\n\r\n', 'this is not the protocol of Redis'],
  ['$99999999\r\n', 'a reply of 99999999 bytes'],
  ['-NOAUTH Authentication required.\r\n', 'NOAUTH Authentication required.'],
  ['', 'no answer within 1000 ms'],
])('who says %j is no Redis: the cache is in memory', async (said, fault) => {
  const url = await saying(said)
  await expect(Redis.open(url)).rejects.toThrow(fault)
  const kit = instrument({ service: 'cache' })
  const cache = await openCache(kit, new Set(), url)
  expect(cache.kind).toBe('memory')
  await cache.set('document', '1', 'x')
  expect(await cache.get('document', '1')).toBe('x')
  await kit.close()
})
