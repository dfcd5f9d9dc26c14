import { expect, test } from 'vitest'
import { Inbox } from './inbox.ts'

const message = (status: string): string =>
  JSON.stringify({
    version: '4',
    status,
    receiver: 'inbox',
    groupLabels: { alertname: 'A' },
    alerts: [
      { status, labels: { alertname: 'A' }, annotations: { summary: 's' }, startsAt: 'x', endsAt: 'y' },
    ],
  })

test('newest first, and bounded', () => {
  const inbox = new Inbox()
  for (let i = 0; i < 300; i++) inbox.receive(message(i % 2 === 0 ? 'firing' : 'resolved'), i * 1000)
  expect(inbox.messages).toHaveLength(200)
  expect(inbox.messages[0]).toMatchObject({
    status: 'resolved',
    receivedAt: new Date(299_000).toISOString(),
    alerts: [{ annotations: { summary: 's' } }],
  })
})

test.each(['', '{', '[]', '{"alerts":1}', 'null'])('%j is refused', (body) => {
  expect(() => new Inbox().receive(body, 0)).toThrow()
})
