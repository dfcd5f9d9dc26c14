import { parseArgs } from 'node:util'
import { UsageError } from '../serve-flags.ts'
import { AMTOOL_OPTIONS, amtoolSettings, callAlertmanager } from './amtool-client.ts'

interface Status {
  readonly cluster: {
    readonly name?: string
    readonly status: string
    readonly peers?: readonly { readonly address: string; readonly name: string }[]
  }
}

/** `promontory cluster show`: amtool's, of any Alertmanager. */
export async function cluster(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: AMTOOL_OPTIONS,
  })
  if (positionals[0] !== 'show') throw new UsageError('usage: promontory cluster show [--alertmanager.url=…]')
  const settings = amtoolSettings(values)
  const { cluster: found } = await callAlertmanager<Status>(settings, 'status')
  if (settings.output === 'json') process.stdout.write(`${JSON.stringify(found)}\n`)
  else {
    process.stdout.write(`Cluster Status:  ${found.status}\nNode Name:       ${found.name ?? ''}\n`)
    for (const { address, name } of found.peers ?? []) process.stdout.write(`${address}  ${name}\n`)
  }
  return 0
}
