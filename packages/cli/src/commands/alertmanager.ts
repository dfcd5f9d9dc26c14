import { devNull } from 'node:os'
import { serve } from './serve.ts'

/** Alertmanager's flags that are called otherwise where several products run in one program. */
const RENAMED: Readonly<Record<string, string>> = {
  'config.file': 'alertmanager.config.file',
  'storage.path': 'storage.tsdb.path',
}

/** `promontory alertmanager`: Alertmanager's command line. Nothing is scraped; the pages and its API are on one port. */
export function alertmanager(args: readonly string[]): Promise<number> {
  return serve(serveArgs(args))
}

/** Alertmanager's command line as one of `serve`. Flags that only `serve` knows are taken as well. */
export function serveArgs(args: readonly string[]): string[] {
  const renamed = args.map((arg) => {
    const [, name = '', rest = ''] = /^--?([a-z.-]+)(=.*)?$/s.exec(arg) ?? []
    return Object.hasOwn(RENAMED, name) ? `--${RENAMED[name]}${rest}` : arg
  })
  const has = (name: string): boolean => renamed.some((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`))
  return [
    // An empty configuration of Prometheus: without one a prometheus.yml that lies here would be taken.
    `--config.file=${devNull}`,
    ...(has('alertmanager.config.file') ? [] : ['--alertmanager.config.file=alertmanager.yml']),
    // Loopback, as everything here is without a flag.
    ...(has('web.listen-address') || renamed.some((arg) => arg.startsWith('-web.listen-address'))
      ? []
      : ['--web.listen-address=127.0.0.1:9093']),
    ...renamed,
  ]
} // prettier-ignore
