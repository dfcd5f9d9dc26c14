/**
 * Where a link of Alertmanager's own pages leads here: notifications hold such links, `#/alerts?receiver=pager`.
 * Undefined for what is none.
 */
export function placeOfHash(hash: string): string | undefined {
  const match = /^#\/([a-z]+)(\/[^?]*)?(?:\?(.*))?$/.exec(hash)
  if (match === null) return undefined
  const [, page, rest = '', query = ''] = match
  const asked = new URLSearchParams(query)
  switch (page) {
    case 'alerts':
      return withQuery('/alerts/groups', {
        filter: bare(asked.get('filter')),
        receiver: asked.get('receiver'),
      })
    case 'silences':
      return rest.startsWith('/new')
        ? withQuery('/alerts', { silence: bare(asked.get('filter') ?? decode(rest.slice('/new/'.length))) })
        : '/alerts#silences-title'
    case 'receivers':
      return '/alerts/routing'
    case 'status':
      return '/status'
  }
  return undefined
}

/** Matchers without the braces around them. */
function bare(filter: string | null): string {
  return (filter ?? '').trim().replace(/^\{|\}$/g, '')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function withQuery(path: string, parameters: Readonly<Record<string, string | null>>): string {
  const given = Object.entries(parameters).filter((pair): pair is [string, string] => (pair[1] ?? '') !== '')
  // The page opens its form for a silence also without matchers.
  if ('silence' in parameters && given.length === 0) given.push(['silence', ''])
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}
