import { Agent, get } from 'node:http'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { isLoopbackAddress, Listener, splitAddress } from './listener.ts'

const options = (address: string): Parameters<typeof Listener.open>[0] => ({
  address,
  flag: 'web.listen-address',
  maxConnections: 10,
  readTimeoutMs: 1000,
  handler: (_request, response) => response.end('ok'),
})

test.each([
  ['127.0.0.1:9090', { host: '127.0.0.1', port: 9090 }],
  [':9090', { host: '', port: 9090 }],
  ['[::1]:9090', { host: '::1', port: 9090 }],
])('splitAddress(%j)', (address, wanted) => expect(splitAddress(address)).toEqual(wanted))

test.each([
  ['127.0.0.1', true],
  ['127.8.8.8', true],
  ['::1', true],
  ['::ffff:127.0.0.1', true],
  ['0.0.0.0', false],
  ['10.0.0.1', false],
  ['1270.0.0.1', false],
])('isLoopbackAddress(%j) = %j', (address, wanted) => expect(isLoopbackAddress(address)).toBe(wanted))

test('a listener answers and closes', async () => {
  const listener = await Listener.open(options('127.0.0.1:0'))
  expect(await (await fetch(listener.url)).text()).toBe('ok')
  expect(listener.isLoopback).toBe(true)
  await listener.close(100)
  await expect(fetch(listener.url)).rejects.toThrow()
})

test('idle connections make room for others', async () => {
  const listener = await Listener.open(options('127.0.0.1:0'))
  const agents = Array.from({ length: 30 }, () => new Agent({ keepAlive: true }))
  const statuses: (number | undefined)[] = []
  for (const agent of agents)
    statuses.push(
      await new Promise((resolve, reject) =>
        get(listener.url, { agent }, (response) => {
          response.resume().on('end', () => resolve(response.statusCode))
        }).on('error', reject),
      ),
    )
  expect(statuses).toEqual(agents.map(() => 200))
  expect(listener.connections).toBeLessThanOrEqual(10)
  for (const agent of agents) agent.destroy()
  await listener.close(100)
})

test('a port that is taken: the message names the flag', async () => {
  const holder = createServer()
  await new Promise<void>((done) => holder.listen(0, '127.0.0.1', done))
  const { port } = holder.address() as AddressInfo
  await expect(Listener.open(options(`127.0.0.1:${port}`))).rejects.toThrow(
    /the port is held by .*--web\.listen-address=/,
  )
  holder.close()
})
