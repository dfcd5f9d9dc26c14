/**
 * The path below which the server serves us, `''` at the root: the same pages are served below any
 * `--web.route-prefix`, so it is what stands before the path of our own script.
 */
export function routePrefix(): string {
  known ??= readPrefix()
  return known
}

/** Read once, at the start: a script's address is relative to the page's, which changes as pages are left. */
let known: string | undefined

function readPrefix(): string {
  const script = document.querySelector<HTMLScriptElement>('script[type="module"][src]')
  return script === null ? '' : prefixOf(new URL(script.src).pathname)
}

/** `/prom/assets/index.js` → `/prom`; the other folders are those of the development server. */
export function prefixOf(scriptPath: string): string {
  return scriptPath.replace(/\/(assets|src|@vite|@id|node_modules)\/.*$/, '')
}
