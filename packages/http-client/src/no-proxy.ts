import { BlockList, isIP } from 'node:net'

/**
 * Whether `NO_PROXY` keeps a host away from the proxy, by Go's rules: `*`, host names with their subdomains,
 * `.example.com` for subdomains only, addresses, networks in CIDR form, each with an optional port. Loopback and
 * `localhost` are never proxied.
 */
export function bypassesProxy(noProxy: string, url: URL): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const port = url.port === '' ? (url.protocol === 'https:' ? '443' : '80') : url.port
  if (host === 'localhost' || isLoopback(host)) return true
  return noProxy
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry !== '' && matchesEntry(entry, host, port))
}

function isLoopback(host: string): boolean {
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))
}

function matchesEntry(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return inNetwork(entry, host)
  if (isIP(entry) !== 0) return entry === host
  const [, name = entry, entryPort] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(entry) ?? []
  if (entryPort !== undefined && entryPort !== port) return false
  if (isIP(name) !== 0) return name === host
  const plain = name.replace(/^\*?\./, '')
  const isSubdomain = host.endsWith(`.${plain}`)
  return name === plain ? host === plain || isSubdomain : isSubdomain
}

function inNetwork(entry: string, host: string): boolean {
  const [address = '', bits = ''] = entry.split('/')
  const family = isIP(address)
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(bits)) return false
  const list = new BlockList()
  const type = family === 4 ? 'ipv4' : 'ipv6'
  if (Number(bits) > (family === 4 ? 32 : 128)) return false
  list.addSubnet(address, Number(bits), type)
  return list.check(host, type)
}

/** The proxy for a URL: configured, or from `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`; undefined for none. */
export function proxyFor(
  url: URL,
  config: { readonly proxy_url: string; readonly no_proxy: string; readonly proxy_from_environment: boolean },
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (config.proxy_url !== '')
    return config.no_proxy !== '' && bypassesProxy(config.no_proxy, url) ? undefined : config.proxy_url
  if (!config.proxy_from_environment) return undefined
  const variable = (name: string): string => environment[name] ?? environment[name.toLowerCase()] ?? ''
  const proxy = variable(url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (proxy === '' || bypassesProxy(variable('NO_PROXY'), url)) return undefined
  return proxy.includes('://') ? proxy : `http://${proxy}`
}
