import { expect, test } from 'vitest'
import { parseServeFlags } from '../serve-flags.ts'
import { serveArgs } from './alertmanager.ts'

const options = (...args: string[]) => parseServeFlags(serveArgs(args), {})

test('the command line of a container', () => {
  const { alertmanagerConfigFile, dataDirectory, listenAddresses, configFile, externalUrl, alertmanager } =
    options(
      '--config.file=/etc/alertmanager/alertmanager.yml',
      '--storage.path=/alertmanager',
      '--web.listen-address=:9093',
      '--web.external-url=http://am.example.com/',
      '--data.retention=24h',
      '--cluster.listen-address=',
      '--log.level=debug',
    )
  expect({ alertmanagerConfigFile, dataDirectory, listenAddresses, configFile, externalUrl }).toEqual({
    alertmanagerConfigFile: '/etc/alertmanager/alertmanager.yml',
    dataDirectory: '/alertmanager',
    listenAddresses: [':9093'],
    configFile: '/dev/null',
    externalUrl: 'http://am.example.com',
  })
  expect(alertmanager.silenceLimits.retentionMs).toBe(24 * 3_600_000)
})

test('defaults, one dash, a value of its own', () => {
  expect(options()).toMatchObject({
    alertmanagerConfigFile: 'alertmanager.yml',
    listenAddresses: ['127.0.0.1:9093'],
  })
  const given = options('-config.file', 'a.yml', '-web.listen-address=127.0.0.1:1')
  expect(given).toMatchObject({ alertmanagerConfigFile: 'a.yml', listenAddresses: ['127.0.0.1:1'] })
})

test('gossip is refused by name', () => {
  expect(() => options('--cluster.peer=b:9094')).toThrow('flag --cluster.peer is not supported yet')
})
