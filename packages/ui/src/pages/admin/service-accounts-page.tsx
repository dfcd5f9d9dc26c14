import { useState, type ReactNode } from 'react'
import { Badge } from '../../parts/badge.tsx'
import { wholeNumber } from '../../data/format.ts'
import { grafana } from '../dashboards/data/grafana-api.ts'
import { AdminFrame } from './admin-frame.tsx'
import { Fault, ListCard } from './list-card.tsx'
import { ROLES, RoleField } from './role-field.tsx'
import { Tokens } from './tokens.tsx'
import { useList, useWork, type Work } from './use-list.ts'

interface ServiceAccount {
  readonly id: number
  readonly name: string
  readonly login: string
  readonly role: string
  readonly tokens: number
  readonly isDisabled: boolean
}

/** `/admin/service-accounts`: programs that come in with tokens. */
export function ServiceAccountsPage(): ReactNode {
  const work = useWork()
  const [open, setOpen] = useState<number | undefined>(undefined)
  const accounts = useList<{ readonly serviceAccounts: readonly ServiceAccount[] }>(
    'api/serviceaccounts/search',
  )
  const opened = accounts.data?.serviceAccounts.find(({ id }) => id === open)
  return (
    <AdminFrame title="Service accounts">
      <Fault text={work.fault} />
      <ListCard
        label="Service accounts"
        query={accounts}
        heads={['Name', 'Role', 'Tokens', 'What to do']}
        empty={{
          title: 'There is no service account yet',
          text: 'A program that saves dashboards or asks questions comes in with a token of one.',
        }}
        rows={({ serviceAccounts }) =>
          serviceAccounts.map((account) => (
            <Row
              key={account.id}
              account={account}
              work={work}
              isOpen={account.id === open}
              onOpen={() => setOpen(account.id === open ? undefined : account.id)}
            />
          ))
        }
      />
      {opened === undefined ? null : <Tokens key={opened.id} id={opened.id} name={opened.name} />}
      {accounts.data === undefined ? null : <NewAccount work={work} onMade={setOpen} />}
    </AdminFrame>
  )
}

function Row({
  account,
  work,
  isOpen,
  onOpen,
}: {
  account: ServiceAccount
  work: Work
  isOpen: boolean
  onOpen: () => void
}): ReactNode {
  const { id, name, isDisabled } = account
  const path = `api/serviceaccounts/${id}`
  const change = (body: object): void => void work.run(() => grafana(path, { method: 'PATCH', body }))
  return (
    <tr>
      <td>
        <strong>{name}</strong>
        {isDisabled ? (
          <>
            {' '}
            <Badge tone="warn">shut out</Badge>
          </>
        ) : null}
        <br />
        <span className="soft small mono">{account.login}</span>
      </td>
      <td>
        <RoleField
          label={`Role of ${name}`}
          roles={ROLES}
          value={account.role}
          onChange={(role) => change({ role })}
        />
      </td>
      <td>{wholeNumber(account.tokens)}</td>
      <td>
        <div className="row">
          <button type="button" className="button" aria-expanded={isOpen} onClick={onOpen}>
            Tokens
          </button>
          <button type="button" className="button" onClick={() => change({ isDisabled: !isDisabled })}>
            {isDisabled ? 'Let in' : 'Shut out'}
          </button>
          <button
            type="button"
            className="button"
            onClick={() => {
              if (window.confirm(`Delete the service account “${name}” with its tokens?`))
                void work.run(() => grafana(path, { method: 'DELETE' }))
            }}
          >
            Delete
          </button>
        </div>
      </td>
    </tr>
  )
}

function NewAccount({ work, onMade }: { work: Work; onMade: (id: number) => void }): ReactNode {
  const [name, setName] = useState('')
  const [role, setRole] = useState('Viewer')
  return (
    <section className="card" aria-labelledby="new-account-title">
      <div className="card-head">
        <h2 id="new-account-title">New service account</h2>
      </div>
      <form
        className="card-body stack"
        onSubmit={(event) => {
          event.preventDefault()
          void work.run(async () => {
            const made = await grafana<ServiceAccount>('api/serviceaccounts', {
              method: 'POST',
              body: { name, role },
            })
            setName('')
            onMade(made.id)
          })
        }}
      >
        <div className="form-grid">
          <label>
            Name
            <input
              className="field"
              required
              placeholder="ci"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          </label>
          <label>
            Role
            <RoleField label="Role" roles={ROLES} value={role} onChange={setRole} />
          </label>
        </div>
        <div className="row">
          <button className="button primary" disabled={work.isBusy}>
            Add the service account
          </button>
        </div>
      </form>
    </section>
  )
}
