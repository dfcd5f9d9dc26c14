import type { ReactNode } from 'react'
import { Icon } from './icon.tsx'

/** The page's own search; the key `/` leads to it. */
export function SearchField({
  label,
  placeholder,
  value,
  onChange,
}: {
  label: string
  placeholder: string
  value: string
  onChange: (text: string) => void
}): ReactNode {
  return (
    <span className="search">
      <Icon name="search" size={16} />
      <input
        className="field"
        type="search"
        data-search
        placeholder={placeholder}
        aria-label={label}
        value={value}
        onChange={(event) => onChange(event.target.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </span>
  )
}

/** Whether every word of the search stands somewhere in the texts; case does not matter. */
export function isFound(search: string, texts: readonly string[]): boolean {
  if (search.trim() === '') return true
  const text = texts.join('\n').toLowerCase()
  return search
    .toLowerCase()
    .trim()
    .split(/\s+/)
    .every((word) => text.includes(word))
}
