import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { fileURLToPath } from 'node:url'
import sirv from 'sirv'

/** Where the built pages lie: beside the packages when run from sources and from the bundle alike. */
function uiDirectory(): string | undefined {
  return ['../packages/ui/dist/', '../../../ui/dist/']
    .map((place) => fileURLToPath(new URL(place, import.meta.url)))
    .find((place) => existsSync(`${place}index.html`))
}

/** No script from elsewhere, no frame around us: the pages load nothing but what this server has. */
function securityHeaders(page: string): Readonly<Record<string, string>> {
  // The page's own inline script (it sets the theme before the first paint) is named by its hash.
  const inline = [...page.matchAll(/<script>([\s\S]*?)<\/script>/g)].map(
    (match) => `'sha256-${createHash('sha256').update(match[1]!).digest('base64')}'`,
  )
  return {
    'content-security-policy': [
      "default-src 'self'",
      `script-src 'self' ${inline.join(' ')}`,
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data:",
      "frame-ancestors 'none'",
      "base-uri 'self'",
      "form-action 'self'",
    ].join('; '),
    'x-content-type-options': 'nosniff',
    'referrer-policy': 'same-origin',
  }
}

export type PageHandler = (request: IncomingMessage, response: ServerResponse, next: () => void) => void

/**
 * Serves the pages. Every path that is no file is one of the application's own routes and gets its first page.
 * @returns undefined when the pages are not built
 */
export function uiHandler(): PageHandler | undefined {
  const directory = uiDirectory()
  if (directory === undefined) return undefined
  const page = readFileSync(`${directory}index.html`, 'utf8')
  const headers = securityHeaders(page)
  const files = sirv(directory, {
    gzip: true,
    brotli: true,
    single: true,
    etag: true,
    setHeaders: (response, path) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value)
      response.setHeader(
        'cache-control',
        path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      )
    },
  })
  return (request, response, next) => {
    const depth = deepRoute(request.url ?? '/')
    if (depth > 0) {
      response.writeHead(200, {
        ...headers,
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
      })
      response.end(request.method === 'HEAD' ? undefined : page.replaceAll('"./', `"${'../'.repeat(depth)}`))
      return
    }
    const up = pathOnTop(request.url ?? '/')
    if (up === undefined) files(request, response, next)
    else response.writeHead(302, { location: up }).end()
  }
}

/** Pages of Grafana's addresses lie deeper, such as `/d/uid/slug`: how many folders up their files are; 0 for others. */
function deepRoute(url: string): number {
  const [path = ''] = url.split('?')
  return /^\/(d|d-solo|dashboard|dashboards\/f|connections|alerting|alerts|incidents|rules|targets|admin|org)\//.test(
    path,
  )
    ? path.split('/').length - 2
    : 0
}

/**
 * The pages name their files relative to their own address, since they do not know the prefix: a page has to lie on top.
 * `/query/?a` → `../query?a`, `/a/b` → `../b`; undefined for what lies there already, and for files.
 */
function pathOnTop(url: string): string | undefined {
  const [path = '', ...search] = url.split('?')
  const parts = path.split('/').slice(1)
  if (parts.length < 2 || parts[0] === 'assets') return undefined
  const name = parts.findLast((part) => part !== '') ?? ''
  return `${'../'.repeat(parts.length - 1)}${name}${search.length > 0 ? `?${search.join('?')}` : ''}`
}
