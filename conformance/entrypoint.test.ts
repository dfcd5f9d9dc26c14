import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { networkInterfaces } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort, Program, ROOT, until, Workspace } from './support/program.ts'

/** An address of this machine that is not loopback. */
const address = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.internal === false && each.family === 'IPv4')?.address

const workspace = new Workspace()
const image = join(workspace.directory, 'opt')
const config = join(workspace.directory, 'etc')
afterAll(() => workspace.clean())

/** Laid out as in the image, started as there; folders and port are elsewhere. */
beforeAll(() => {
  mkdirSync(image)
  mkdirSync(config)
  cpSync(join(ROOT, 'deploy/entrypoint.sh'), join(image, 'entrypoint.sh'))
  for (const name of ['bin', 'dist', 'content', 'node_modules', 'packages']) symlinkSync(join(ROOT, name), join(image, name)) // prettier-ignore
  writeFileSync(join(config, 'prometheus.yml'), 'scrape_configs: [{ job_name: from_config }]\n')
  writeFileSync(join(config, 'alertmanager.yml'), 'route: { receiver: mine }\nreceivers: [{ name: mine }]\n')
})

async function start(name: string, environment: Readonly<Record<string, string>>): Promise<Program> {
  const port = await freePort()
  const variables = { PROMONTORY_PORT: port, PROMONTORY_CONFIG: config, PROMONTORY_DATA: join(workspace.directory, name), ...environment } // prettier-ignore
  const assignments = Object.entries(variables).map(([variable, value]) => `${variable}=${value}`)
  const program = workspace.keep(
    new Program('env', [...assignments, join(image, 'entrypoint.sh'), '--web.enable-lifecycle'], `http://${address}:${port}`), // prettier-ignore
  )
  await until(
    'the listener',
    () => fetch(`http://127.0.0.1:${port}/-/ready`),
    (response) => response.ok,
    20_000,
  )
  return program
}

async function status(url: string, headers: Readonly<Record<string, string>> = {}): Promise<number> {
  return (await fetch(url, { headers })).status
}

describe.skipIf(address === undefined)(
  "the image's entry point, outside of an image (skipped without a network)",
  () => {
    test('listens on all interfaces; without a credential the log shows a token for this start', async () => {
      const program = await start('token', {})
      const path = `${program.url}/api/v1/status/config`
      expect(await status(path)).toBe(401)
      const token = /token[=: ]+"?([\w-]{16,})/i.exec(program.output)?.[1]
      expect(token, program.output).toBeDefined()
      expect(await status(path, { authorization: `Bearer ${token}` })).toBe(200)
      expect(await status(path, { authorization: `Bearer ${token}x` })).toBe(401)
      const answer = await fetch(path, { headers: { authorization: `Bearer ${token}` } })
      expect(await answer.text()).toContain('from_config')
      const alerts = await fetch(`${program.url}/api/v2/status`, { headers: { authorization: `Bearer ${token}` } }) // prettier-ignore
      expect(await alerts.text()).toContain('mine')
      expect(await status(`${program.url}/-/healthy`)).toBe(200)
      await program.stop()
    })

    test('with a password of the administrator there is no token', async () => {
      const program = await start('password', { GF_SECURITY_ADMIN_PASSWORD: 'a-long-password-7' })
      const path = `${program.url}/api/v1/status/config`
      expect(program.output).not.toMatch(/token[=: ]+"?[\w-]{16,}/i)
      expect(await status(path)).toBe(401)
      const basic = Buffer.from('admin:a-long-password-7').toString('base64')
      expect(await status(path, { authorization: `Basic ${basic}` })).toBe(200)
      expect(await program.stop()).toBe(0)
    })
  },
)
