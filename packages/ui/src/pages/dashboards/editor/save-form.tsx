import { objectsOf, saveDashboard, textOf, without, type Choices, type JsonObject } from '@promontory/panels'
import { useQuery } from '@tanstack/react-query'
import { useState, type ReactNode } from 'react'
import { grafana, GrafanaError, type Folder, type SaveAnswer } from '../data/grafana-api.ts'
import type { DialogInput } from './dialogs.tsx'

/** Stores the dashboard: title, folder, and a message for its history. */
export function SaveForm(input: DialogInput): ReactNode {
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
        <input className="field" required value={title} onChange={(event) => setTitle(event.target.value)} />
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
