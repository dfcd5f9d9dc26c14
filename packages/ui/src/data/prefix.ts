const PAGES = /\/(query|graph|alerts|rules|targets|status|flags|config|tsdb-status)?\/?$/

/**
 * The path below which the server serves us: the pages are the same below any `--web.route-prefix`, so it is what stands
 * before the page's own path.
 */
export function routePrefix(): string {
  return window.location.pathname.replace(PAGES, '')
}
