import {
  openDashboardText,
  objectsOf,
  saveDashboard,
  textOf,
  without,
  type Choices,
  type JsonObject,
  type OpenedDashboard,
  type PlacedPanel,
  type RawRange,
} from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import { useEffect, useRef, useState, type ReactNode } from 'react'
import { Skeleton } from '../../../parts/states.tsx'
import type { DialogName } from '../dashboard-screen.tsx'
import {
  grafana,
  GrafanaError,
  type DashboardMeta,
  type Folder,
  type SaveAnswer,
  type VersionRow,
} from '../data/grafana-api.ts'
import { DASHBOARD_KEYS } from '../view/use-dashboard-keys.ts'
import type { PanelData } from '../view/use-panel-data.ts'
import { diffLines } from './diff.ts'
import { SettingsForm } from './settings-form.tsx'

export interface DialogInput {
  readonly name: DialogName | undefined
  readonly inspected: { readonly placed: PlacedPanel; readonly data: PanelData } | undefined
  readonly opened: OpenedDashboard
  readonly model: JsonObject
  readonly meta: DashboardMeta
  readonly isNew: boolean
  readonly current: { readonly raw: RawRange; readonly choices: Choices }
  readonly onModel: (model: JsonObject) => void
  readonly onSaved: (path: string) => void
  readonly onReload: () => void
  readonly onClose: () => void
}

/** The dialogs of a dashboard: save, JSON, versions, settings, keys, and a panel's inspection. */
export function DashboardDialogs(input: DialogInput): ReactNode {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
    // It would be the button that closes.
    dialog.current?.querySelector<HTMLElement>('form input, form textarea')?.focus()
  }, [])
  const title =
    input.inspected !== undefined
      ? `Inspect: ${input.inspected.placed.panel.title}`
      : TITLES[input.name ?? 'keys']
  return (
    <dialog
      ref={dialog}
      className={`sheet${input.name === 'save' ? '' : ' broad'}`}
      aria-labelledby="dialog-title"
      onClose={input.onClose}
    >
      <div className="stack">
        <div className="row">
          <h2 id="dialog-title" style={{ flex: 1 }}>
            {title}
          </h2>
          <button type="button" className="button" onClick={() => dialog.current?.close()}>
            Close
          </button>
        </div>
        {input.inspected !== undefined ? <Inspect data={input.inspected.data} /> : null}
        {input.name === 'save' ? <SaveForm {...input} /> : null}
        {input.name === 'json' ? <JsonForm {...input} /> : null}
        {input.name === 'versions' ? <Versions {...input} /> : null}
        {input.name === 'settings' ? <SettingsForm model={input.model} onModel={input.onModel} /> : null}
        {input.name === 'keys' ? (
          <dl className="facts">
            {DASHBOARD_KEYS.map(([keys, what]) => (
              <div key={keys} style={{ display: 'contents' }}>
                <dt>
                  <kbd>{keys}</kbd>
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        ) : null}
      </div>
    </dialog>
  )
}

const TITLES: Readonly<Record<DialogName, string>> = {
  save: 'Save the dashboard',
  json: 'JSON',
  versions: 'Versions',
  settings: 'Settings',
  keys: 'Keys of dashboards',
}

/** What is stored: parts that were not touched as they were read. */
function savedModel(
  { opened, model, isNew, current }: DialogInput,
  title: string,
  isAsCopy: boolean,
  keepsView: boolean,
): JsonObject {
  const withTitle = model['title'] === title ? model : { ...model, title }
  const withView = keepsView
    ? {
        ...withTitle,
        time: { from: current.raw.from, to: current.raw.to },
        templating: withChoices(model, current.choices),
      }
    : withTitle
  const json = saveDashboard(opened, withView)
  return isNew || isAsCopy ? without(json, 'id', 'uid', 'version') : json
}

function withChoices(model: JsonObject, choices: Choices): JsonObject {
  const templating = (model['templating'] ?? {}) as JsonObject
  return {
    ...templating,
    list: objectsOf(templating['list']).map((variable) => {
      const chosen = choices[textOf(variable['name']) ?? '']
      if (chosen === undefined || variable['type'] === 'adhoc') return variable
      const value = variable['multi'] === true ? chosen : chosen[0]
      return { ...variable, current: { ...((variable['current'] ?? {}) as JsonObject), value, text: value } }
    }),
  }
}

function SaveForm(input: DialogInput): ReactNode {
  const [title, setTitle] = useState(textOf(input.model['title']) ?? '')
  const [message, setMessage] = useState('')
  const [folderUid, setFolder] = useState(input.meta.folderUid ?? '')
  const [isAsCopy, setCopy] = useState(false)
  const [keepsView, setKeeps] = useState(false)
  const [fault, setFault] = useState<{ text: string; canOverwrite: boolean } | undefined>(undefined)
  const [isBusy, setBusy] = useState(false)
  const folders =
    useQuery({
      queryKey: ['folders'],
      queryFn: ({ signal }) => grafana<readonly Folder[]>('api/folders', { signal }),
      retry: false,
    }).data ?? []
  const save = (overwrite: boolean): void => {
    setBusy(true)
    const dashboard = savedModel(input, title, isAsCopy, keepsView)
    grafana<SaveAnswer>('api/dashboards/db', {
      method: 'POST',
      body: { dashboard, folderUid, message, overwrite },
    }).then(
      (answer) => input.onSaved(answer.url),
      (error: Error) => {
        setBusy(false)
        setFault({ text: error.message, canOverwrite: error instanceof GrafanaError && error.status === 412 })
      },
    )
  }
  return (
    <form
      className="stack edit-options"
      onSubmit={(event) => {
        event.preventDefault()
        save(false)
      }}
    >
      {input.meta.provisioned === true ? (
        <p className="notice">
          This dashboard comes from the file {input.meta.provisionedExternalId ?? ''}: the next change of the
          file may replace what is saved here.
        </p>
      ) : null}
      <label>
        Title
        <input
          className="field"
          autoFocus
          required
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <label>
        Folder
        <select className="field" value={folderUid} onChange={(event) => setFolder(event.target.value)}>
          <option value="">General</option>
          {folders.map((folder) => (
            <option key={folder.uid} value={folder.uid}>
              {folder.title}
            </option>
          ))}
        </select>
      </label>
      <label>
        What has changed
        <input className="field" value={message} onChange={(event) => setMessage(event.target.value)} />
      </label>
      <label className="row" style={{ display: 'flex' }}>
        <input type="checkbox" checked={keepsView} onChange={(event) => setKeeps(event.target.checked)} />{' '}
        With the present time and variables
      </label>
      {input.isNew ? null : (
        <label className="row" style={{ display: 'flex' }}>
          <input type="checkbox" checked={isAsCopy} onChange={(event) => setCopy(event.target.checked)} /> As
          a copy
        </label>
      )}
      {fault === undefined ? null : (
        <p role="alert" className="notice bad">
          {fault.text}
        </p>
      )}
      <div className="row">
        <button className="button primary" disabled={isBusy}>
          Save
        </button>
        {fault?.canOverwrite === true ? (
          <button type="button" className="button" onClick={() => save(true)}>
            Overwrite
          </button>
        ) : null}
      </div>
    </form>
  )
}

function JsonForm({ opened, model, onModel, onClose }: DialogInput): ReactNode {
  const json = JSON.stringify(saveDashboard(opened, model), null, 2)
  const [text, setText] = useState(json)
  const [fault, setFault] = useState('')
  const download = (): void => {
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'application/json' }))
    link.download = `${(textOf(model['title']) ?? 'dashboard').replace(/[^\w.-]+/g, '-')}.json`
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <div className="stack">
      <textarea
        className="code-field"
        aria-label="The dashboard's JSON"
        spellCheck={false}
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      {fault === '' ? null : (
        <p role="alert" className="notice bad">
          {fault}
        </p>
      )}
      <div className="row">
        <button
          type="button"
          className="button primary"
          disabled={text === json}
          onClick={() => {
            try {
              onModel(openDashboardText(text).model)
              onClose()
            } catch (error) {
              setFault((error as Error).message)
            }
          }}
        >
          Apply
        </button>
        <button type="button" className="button" onClick={download}>
          Export to a file
        </button>
        <button type="button" className="button" onClick={() => void navigator.clipboard?.writeText(text)}>
          Copy
        </button>
      </div>
    </div>
  )
}

function Versions({ model, onReload, onClose }: DialogInput): ReactNode {
  const uid = textOf(model['uid']) ?? ''
  const path = `api/dashboards/uid/${encodeURIComponent(uid)}/versions`
  const { data, error } = useQuery({
    queryKey: ['versions', uid],
    queryFn: async ({ signal }) => {
      const answer = await grafana<readonly VersionRow[] | { versions: readonly VersionRow[] }>(path, {
        signal,
      })
      return 'versions' in answer ? answer.versions : answer
    },
    retry: false,
    staleTime: 0,
  })
  const [chosen, setChosen] = useState<number | undefined>(undefined)
  const [fault, setFault] = useState('')
  const old = useQuery({
    queryKey: ['version', uid, chosen],
    queryFn: ({ signal }) => grafana<{ data: unknown }>(`${path}/${chosen!}`, { signal }),
    enabled: chosen !== undefined,
    retry: false,
  })
  if (error !== null) return <p role="alert">{error.message}</p>
  if (data === undefined) return <Skeleton />
  const restore = (version: number): void => {
    grafana(`api/dashboards/uid/${encodeURIComponent(uid)}/restore`, {
      method: 'POST',
      body: { version },
    }).then(
      () => {
        onClose()
        onReload()
      },
      (reason: Error) => setFault(reason.message),
    )
  }
  return (
    <div className="stack">
      {fault === '' ? null : (
        <p role="alert" className="notice bad">
          {fault}
        </p>
      )}
      <div className="table-wrap">
        <table className="list">
          <thead>
            <tr>
              <th>Version</th>
              <th>When</th>
              <th>Who</th>
              <th>What</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <tr key={row.version}>
                <td className="number">{row.version}</td>
                <td>{row.created}</td>
                <td>{row.createdBy}</td>
                <td>{row.message}</td>
                <td className="row">
                  <button
                    type="button"
                    className="button"
                    aria-pressed={chosen === row.version}
                    onClick={() => setChosen(row.version)}
                  >
                    Differences
                  </button>
                  <button type="button" className="button" onClick={() => restore(row.version)}>
                    Restore
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      {old.data === undefined ? null : (
        <Diff from={JSON.stringify(old.data.data, null, 2)} to={JSON.stringify(model, null, 2)} />
      )}
    </div>
  )
}

function Diff({ from, to }: { from: string; to: string }): ReactNode {
  const lines = diffLines(from, to)
  if (lines.every(({ kind }) => kind === 'same')) return <p className="soft">No difference.</p>
  return (
    <pre className="code diff">
      {lines
        .filter(({ kind }) => kind !== 'same')
        .slice(0, 2000)
        .map(({ kind, text }, i) => (
          <div key={i} className={kind}>
            {kind === 'add' ? '+ ' : '- '}
            {text}
          </div>
        ))}
    </pre>
  )
}

function Inspect({ data }: { data: PanelData }): ReactNode {
  const csv = (): void => {
    const quote = (value: unknown): string => {
      const text = value === null || value === undefined ? '' : String(value)
      // A cell that a spreadsheet would run as a formula gets a quote in front.
      const safe = /^[=+\-@]/.test(text) && Number.isNaN(Number(text)) ? `'${text}` : text
      return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
    }
    const text = data.frames
      .map((frame) =>
        [
          frame.fields
            .map((field) => quote(field.config.displayName ?? field.config.displayNameFromDS ?? field.name))
            .join(','),
          ...Array.from({ length: frame.length }, (_, row) =>
            frame.fields
              .map((field) =>
                quote(
                  field.type === 'time'
                    ? new Date(field.values[row] as number).toISOString()
                    : field.values[row],
                ),
              )
              .join(','),
          ),
        ].join('\n'),
      )
      .join('\n\n')
    const link = document.createElement('a')
    link.href = URL.createObjectURL(new Blob([text], { type: 'text/csv' }))
    link.download = 'panel.csv'
    link.click()
    URL.revokeObjectURL(link.href)
  }
  return (
    <div className="stack">
      {data.plan.questions.map((question, i) => (
        <div key={i}>
          <p className="small soft">
            {question.refId} · {question.instant ? 'instant' : `step ${question.grid.stepMs / 1000} s`} ·{' '}
            {question.path}
          </p>
          <pre className="code">{question.expr}</pre>
        </div>
      ))}
      <p>
        {data.frames.length} frames, {data.frames.reduce((sum, frame) => sum + frame.length, 0)} rows
      </p>
      {data.notices.map((notice, i) => (
        <p key={i} className="notice">
          {notice}
        </p>
      ))}
      <div className="row">
        <button type="button" className="button" onClick={csv}>
          Download as CSV
        </button>
      </div>
    </div>
  )
}
