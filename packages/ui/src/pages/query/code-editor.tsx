import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
} from '@codemirror/autocomplete'
import { defaultKeymap, history, historyKeymap, insertNewlineAndIndent } from '@codemirror/commands'
import { bracketMatching, HighlightStyle, syntaxHighlighting } from '@codemirror/language'
import { setDiagnostics } from '@codemirror/lint'
import { EditorState, Prec } from '@codemirror/state'
import { EditorView, keymap, placeholder } from '@codemirror/view'
import { tags } from '@lezer/highlight'
import { PromQLExtension } from '@prometheus-io/codemirror-promql'
import { useEffect, useRef, type ReactNode } from 'react'
import { routePrefix } from '../../data/prefix.ts'
import type { EditorProps } from './editor.tsx'
import { HistoryCursor, recentExpressions } from './query-history.ts'
import { toUnits } from './query-error-box.tsx'

const highlight = HighlightStyle.define([
  { tag: tags.keyword, color: 'var(--accent)', fontWeight: '600' },
  { tag: tags.function(tags.variableName), color: 'var(--accent)' },
  { tag: tags.labelName, color: 'var(--good)' },
  { tag: tags.string, color: 'var(--warn)' },
  { tag: tags.number, color: 'var(--bad)' },
  { tag: tags.modifier, color: 'var(--accent)', fontWeight: '600' },
  { tag: tags.comment, color: 'var(--text-soft)', fontStyle: 'italic' },
])

/**
 * PromQL with completion from this server's metrics, labels and values. Enter runs, Shift Enter breaks the line, the
 * arrow keys lead through what was run before when the editor is empty.
 */
export function CodeEditor({ value, onChange, onRun, fault, inserter }: EditorProps): ReactNode {
  const host = useRef<HTMLDivElement>(null)
  const view = useRef<EditorView>(null)
  const handlers = useRef({ onChange, onRun })
  handlers.current = { onChange, onRun }
  useEffect(() => {
    const past = new HistoryCursor(() => recentExpressions(localStorage))
    const promql = new PromQLExtension()
      .activateLinter(false)
      .setComplete({ remote: { url: routePrefix(), httpMethod: 'GET' } })
    const editor = new EditorView({
      parent: host.current!,
      state: EditorState.create({
        doc: value,
        extensions: [
          promql.asExtension(),
          history(),
          bracketMatching(),
          closeBrackets(),
          autocompletion(),
          syntaxHighlighting(highlight),
          EditorView.lineWrapping,
          placeholder('Expression, e.g. rate(http_requests_total[5m])'),
          EditorView.contentAttributes.of({ 'aria-label': 'PromQL expression' }),
          Prec.highest(keymap.of([{ key: 'Shift-Enter', run: insertNewlineAndIndent }])),
          keymap.of([
            ...closeBracketsKeymap,
            ...completionKeymap,
            { key: 'Enter', run: runIt },
            { key: 'ArrowUp', run: (target) => recall(target, past, 1) },
            { key: 'ArrowDown', run: (target) => recall(target, past, -1) },
            ...historyKeymap,
            ...defaultKeymap,
          ]),
          EditorView.updateListener.of((update) => {
            if (update.docChanged) handlers.current.onChange(update.state.doc.toString())
          }),
        ],
      }),
    })
    function runIt(target: EditorView): boolean {
      handlers.current.onRun(target.state.doc.toString())
      return true
    }
    view.current = editor
    inserter.current = (text) => {
      editor.dispatch(editor.state.replaceSelection(text))
      editor.focus()
    }
    return () => {
      inserter.current = null
      editor.destroy()
    }
    // The editor lives as long as the panel; the effects below bring it up to date.
  }, [])
  useEffect(() => {
    const editor = view.current
    if (editor === null || editor.state.doc.toString() === value) return
    editor.dispatch({ changes: { from: 0, to: editor.state.doc.length, insert: value } })
  }, [value])
  useEffect(() => {
    const editor = view.current
    if (editor === null) return
    const text = editor.state.doc.toString()
    const position = fault?.position
    const from = position === undefined ? 0 : Math.min(toUnits(text, position.start), text.length)
    const to =
      position === undefined ? 0 : Math.min(Math.max(toUnits(text, position.end), from + 1), text.length)
    editor.dispatch(
      setDiagnostics(
        editor.state,
        position === undefined
          ? []
          : [{ from: Math.min(from, to), to, severity: 'error', message: fault!.message }],
      ),
    )
  }, [fault])
  return <div ref={host} />
}

function recall(view: EditorView, past: HistoryCursor, by: 1 | -1): boolean {
  const next = past.step(by, view.state.doc.toString())
  if (next === undefined) return false
  view.dispatch({
    changes: { from: 0, to: view.state.doc.length, insert: next },
    selection: { anchor: next.length },
  })
  return true
}
