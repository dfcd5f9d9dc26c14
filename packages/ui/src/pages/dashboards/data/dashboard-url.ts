import { choicesFromUrl, type Choices } from '@promontory/panels'

/** What of a dashboard's state stands in the address. */
export interface UrlState {
  readonly from: string | undefined
  readonly to: string | undefined
  readonly refresh: string | undefined
  readonly timezone: string | undefined
  readonly isKiosk: boolean
  readonly viewPanel: string | undefined
  readonly editPanel: string | undefined
  readonly choices: Choices
}

export function readUrl(search: string): UrlState {
  const parameters = new URLSearchParams(search)
  const text = (name: string): string | undefined => parameters.get(name) ?? undefined
  return {
    from: text('from'),
    to: text('to'),
    refresh: text('refresh'),
    timezone: text('timezone'),
    isKiosk: parameters.has('kiosk') && parameters.get('kiosk') !== 'false',
    viewPanel: text('viewPanel')?.replace(/^panel-/, ''),
    editPanel: text('editPanel'),
    choices: choicesFromUrl(parameters),
  }
}

/** The address with some parameters changed; undefined takes one out. Others stay as they are. */
export function changeUrl(
  search: string,
  change: Readonly<Record<string, string | undefined>>,
  choices?: Choices,
): string {
  const parameters = new URLSearchParams(search)
  for (const [name, value] of Object.entries(change)) {
    if (value === undefined) parameters.delete(name)
    else parameters.set(name, value)
  }
  if (choices !== undefined) {
    for (const name of Object.keys(choices)) parameters.delete(`var-${name}`)
    for (const [name, values] of Object.entries(choices))
      for (const value of values) parameters.append(`var-${name}`, value === '$__all' ? 'All' : value)
  }
  const text = String(parameters)
  return text === '' ? '' : `?${text}`
}
