import { useState, type ReactNode } from 'react'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { ROLES, RoleField } from './role-field.tsx'
import type { Work } from './use-list.ts'

const EMPTY = { login: '', name: '', email: '', password: '', role: 'Viewer' }

/** The form of a user who is not there yet. */
export function NewUser({ work }: { work: Work }): ReactNode {
  const [draft, setDraft] = useState(EMPTY)
  const field = (name: keyof typeof EMPTY, type: string, complete: string, required = false): ReactNode => (
    <input
      className="field"
      type={type}
      required={required}
      autoComplete={complete}
      value={draft[name]}
      onChange={(event) => setDraft({ ...draft, [name]: event.target.value })}
    />
  )
  return (
    <section className="card" aria-labelledby="new-user-title">
      <div className="card-head">
        <h2 id="new-user-title">New user</h2>
      </div>
      <form
        className="card-body stack"
        onSubmit={(event) => {
          event.preventDefault()
          void work
            .run(() => grafana('api/admin/users', { method: 'POST', body: draft }))
            .then((isDone) => isDone && setDraft(EMPTY))
        }}
      >
        <div className="form-grid">
          <label>Login{field('login', 'text', 'off', true)}</label>
          <label>Name{field('name', 'text', 'off')}</label>
          <label>E-mail{field('email', 'email', 'off')}</label>
          <label>Password{field('password', 'password', 'new-password', true)}</label>
          <label>
            Role
            <RoleField
              label="Role"
              roles={ROLES}
              value={draft.role}
              onChange={(role) => setDraft({ ...draft, role })}
            />
          </label>
        </div>
        <div className="row">
          <button className="button primary" disabled={work.isBusy}>
            Add the user
          </button>
        </div>
      </form>
    </section>
  )
}
