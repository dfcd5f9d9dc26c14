import { text, type Schema } from '@promontory/base/yaml'

export interface HostPort {
  readonly host: string
  readonly port: number
}

/** `host:port`, as Go's net.SplitHostPort reads it. */
export const hostPort: Schema<HostPort | undefined> = text(
  'config.HostPort',
  (source) => {
    if (source === '') return undefined
    const match = /^(?:\[([^[\]]*)\]|([^:[\]]*)):([^:[\]]*)$/.exec(source)
    if (match === null) {
      const many = source.replace(/\[.*\]/, '').split(':').length > 2
      throw new Error(
        `address ${source}: ${many ? 'too many colons in address' : 'missing port in address'}, expected host:port`,
      )
    }
    if (match[3] === '') throw new Error(`address "${source}": port cannot be empty`)
    const port = Number(match[3])
    if (!Number.isInteger(port) || port < 1 || port > 65_535)
      throw new Error(`address "${source}": expected a port number from 1 to 65535`)
    return { host: match[1] ?? match[2]!, port }
  },
  (value) => (value === undefined ? undefined : formatHostPort(value)),
)

export function formatHostPort({ host, port }: HostPort): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
}
