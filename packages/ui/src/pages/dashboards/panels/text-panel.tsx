import { interpolate, textOf, type DefaultForm } from '@promontory/panels'
import { useLayoutEffect, useRef, type ReactNode } from 'react'
import { markdownToHtml } from './markdown.ts'
import type { PanelProps } from './panel-props.tsx'
import { sanitize } from './sanitize.ts'

const html: DefaultForm = ({ values }) => values.join(', ')

/** Markdown, HTML or code; nothing of it runs. */
export function TextPanel({ panel, data }: PanelProps): ReactNode {
  const host = useRef<HTMLDivElement>(null)
  const mode = textOf(panel.options['mode']) ?? 'markdown'
  const content = interpolate(textOf(panel.options['content']) ?? '', data.scope, html)
  useLayoutEffect(() => {
    if (mode === 'code') return
    host.current?.replaceChildren(sanitize(mode === 'html' ? content : markdownToHtml(content)))
  }, [mode, content])
  if (mode === 'code')
    return (
      <pre className="code text-panel" data-mark>
        {content}
      </pre>
    )
  return <div ref={host} className="text-panel" data-mark />
}
