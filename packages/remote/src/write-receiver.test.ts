import { encodeWriteRequest2 } from '@promontory/wire'
import fc from 'fast-check'
import { compressSync } from 'snappy'
import { Registry, silentLogger } from '@promontory/base'
import { AppendBatch, type Appender, type AppendOutcome, AppendStatus, type Labels } from '@promontory/model'
import { describe, expect, test } from 'vitest'
import { type RemoteWriteAnswer, RemoteWriteReceiver } from './write-receiver.ts'

/** Just enough of a protobuf writer for messages of the test. */
function field(number: number, content: Buffer): Buffer {
  return Buffer.concat([varint(number * 8 + 2), varint(content.length), content])
}
function varint(value: number | bigint): Buffer {
  const bytes: number[] = []
  let rest = BigInt.asUintN(64, BigInt(value))
  for (; rest >= 128n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128)
  return Buffer.from([...bytes, Number(rest)])
}
function sample(timeMs: number, value: Buffer): Buffer {
  return field(2, Buffer.concat([Buffer.from([9]), value, Buffer.from([16]), varint(timeMs)]))
}
function double(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeDoubleLE(value)
  return bytes
}
function series(labels: Record<string, string>, ...samples: Buffer[]): Buffer {
  const pairs = Object.entries(labels).map(([name, value]) =>
    field(1, Buffer.concat([field(1, Buffer.from(name)), field(2, Buffer.from(value))])),
  )
  return field(1, Buffer.concat([...pairs, ...samples]))
}

const NOW = 1_700_000_000_000
const TYPE = 'application/x-protobuf'

class RecordingAppender implements Appender {
  readonly labels: Labels[] = []
  readonly samples: [string, number, string][] = []
  status: number = AppendStatus.appended
  seriesRef(labels: Labels): number {
    return this.labels.push(labels)
  }
  append(batch: AppendBatch): AppendOutcome {
    for (let i = 0; i < batch.count; i++)
      this.samples.push([
        this.labels[batch.refs[i]! - 1]!.toString(),
        batch.timesMs[i]!,
        `${batch.bits[2 * i + 1]!.toString(16)}:${batch.bits[2 * i]!.toString(16)}`,
      ])
    return {
      appended: batch.count,
      statuses: new Uint8Array(batch.count).fill(this.status),
      histogramStatuses: [],
    }
  }
}

function receiver(typeAndUnitLabels = false): {
  appender: RecordingAppender
  send: (message: Buffer, type?: string, encoding?: string) => RemoteWriteAnswer
} {
  const appender = new RecordingAppender()
  const target = new RemoteWriteReceiver({
    appender,
    logger: silentLogger,
    registry: new Registry(),
    nowMs: () => NOW,
    typeAndUnitLabels,
  })
  return {
    appender,
    send: (message, type = TYPE, encoding = 'snappy') =>
      target.receive(compressSync(message), type, encoding),
  }
}

describe('remote write 1.0', () => {
  test('samples arrive bit for bit, stale markers and zero too, and labels are read once', () => {
    const { appender, send } = receiver()
    const stale = Buffer.from('020000000000f07f', 'hex')
    const message = Buffer.concat([
      series({ __name__: 'up', job: 'ü' }, sample(NOW, double(1.5)), sample(NOW + 1, stale)),
      series({ __name__: 'zero' }, field(2, Buffer.concat([Buffer.from([16]), varint(NOW)]))),
    ])
    expect(send(message)).toEqual({ status: 204, text: '' })
    expect(appender.samples).toEqual([
      ['{__name__="up", job="ü"}', NOW, '3ff80000:0'],
      ['{__name__="up", job="ü"}', NOW + 1, '7ff00000:2'],
      ['{__name__="zero"}', NOW, '0:0'],
    ])
    send(message)
    expect(appender.labels).toHaveLength(2)
  })

  test('negative times', () => {
    const { appender, send } = receiver()
    send(series({ __name__: 'a' }, sample(-5, double(1))))
    expect(appender.samples[0]![1]).toBe(-5)
  })

  test.each([
    ['without a name', series({ job: 'a' }, sample(NOW, double(1))), /without a metric name/],
    ['far in the future', series({ __name__: 'a' }, sample(NOW + 3_600_000, double(1))), /out of bounds/],
    [
      'a native histogram whose spans and buckets differ',
      series({ __name__: 'a' }, field(4, field(11, Buffer.from([8, 0, 16, 1])))),
      /spans need 1 buckets, have 0/,
    ],
    [
      'a cut message',
      series({ __name__: 'a' }, sample(NOW, double(1))).subarray(0, -3),
      /longer than its message/,
    ],
  ])('%s gets a 400', (_name, message, text) => {
    const answer = receiver().send(message)
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(text)
  })

  test('what one series lacks does not keep the others out', () => {
    const { appender, send } = receiver()
    expect(
      send(
        Buffer.concat([
          series({ job: 'a' }, sample(NOW, double(1))),
          series({ __name__: 'b' }, sample(NOW, double(2))),
        ]),
      ).status,
    ).toBe(400)
    expect(appender.samples).toHaveLength(1)
  })

  test('a refused sample is named', () => {
    const { appender, send } = receiver()
    appender.status = AppendStatus.outOfOrder
    expect(send(series({ __name__: 'a' }, sample(NOW, double(1))))).toEqual({
      status: 400,
      text: 'out of order sample',
    })
  })

  test('other protocols are named', () => {
    const { send } = receiver()
    expect(send(Buffer.alloc(0), 'application/x-protobuf;proto=io.prometheus.write.v3.Request').status).toBe(
      415,
    )
    expect(send(Buffer.alloc(0), 'text/plain').status).toBe(415)
    expect(send(Buffer.alloc(0), TYPE, 'zstd').status).toBe(415)
  })

  test('a decompression bomb is refused before anything is allocated', () => {
    const target = new RemoteWriteReceiver({
      appender: new RecordingAppender(),
      logger: silentLogger,
      registry: new Registry(),
      nowMs: () => NOW,
    })
    const bomb = Buffer.concat([varint(2 ** 31), Buffer.alloc(16, 1)])
    expect(target.receive(bomb, TYPE, 'snappy')).toMatchObject({ status: 400 })
  })

  test('any bytes get an answer', () => {
    const { send } = receiver()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect([204, 400]).toContain(send(Buffer.from(bytes)).status)
      }),
      { numRuns: 500 },
    )
  })
})

describe('remote write 2.0', () => {
  const TYPE_2 = 'application/x-protobuf;proto=io.prometheus.write.v2.Request'

  test('samples, stale markers and exemplars arrive; what was written is told', () => {
    const { appender, send } = receiver()
    const message = encodeWriteRequest2([
      {
        labels: ['__name__', 'up', 'job', 'ü'],
        samples: [
          { timeMs: NOW, low: 0, high: 0x3ff80000 },
          { timeMs: NOW + 1, low: 2, high: 0x7ff00000 },
        ],
        histograms: [],
        exemplars: [{ labels: ['trace', 'x'], value: 1, timeMs: NOW }],
        metadata: { type: 2, help: 'Up.', unit: '' },
      },
      {
        labels: ['__name__', 'zero'],
        samples: [{ timeMs: NOW, low: 0, high: 0 }],
        histograms: [],
        exemplars: [],
      },
    ])
    expect(send(message, TYPE_2)).toEqual({
      status: 204,
      text: '',
      headers: {
        'x-prometheus-remote-write-samples-written': '3',
        'x-prometheus-remote-write-histograms-written': '0',
        'x-prometheus-remote-write-exemplars-written': '1',
      },
    })
    expect(appender.samples).toEqual([
      ['{__name__="up", job="ü"}', NOW, '3ff80000:0'],
      ['{__name__="up", job="ü"}', NOW + 1, '7ff00000:2'],
      ['{__name__="zero"}', NOW, '0:0'],
    ])
  })

  test('type and unit as labels: what is told wins, and another type is another series', () => {
    const { appender, send } = receiver(true)
    const of = (type: number, unit: string, timeMs: number): Buffer =>
      encodeWriteRequest2([
        {
          labels: ['__name__', 'a', '__unit__', 'mine'],
          samples: [{ timeMs, low: 0, high: 0 }],
          histograms: [],
          exemplars: [],
          metadata: { type, help: '', unit },
        },
      ])
    for (const [i, [type, unit]] of (
      [
        [1, 'seconds'],
        [2, ''],
        [0, ''],
      ] as const
    ).entries())
      expect(send(of(type, unit, NOW + i), TYPE_2).status).toBe(204)
    expect(appender.samples.map(([labels]) => labels)).toEqual([
      '{__name__="a", __type__="counter", __unit__="seconds"}',
      '{__name__="a", __type__="gauge"}',
      '{__name__="a", __unit__="mine"}',
    ])
  })

  test('a symbol that is not there gets a 400', () => {
    const answer = receiver().send(field(5, field(1, Buffer.from([0, 7]))), TYPE_2)
    expect(answer).toMatchObject({ status: 400, text: 'remote write: symbol 0 is named, there are 0' })
  })

  test('any bytes get an answer', () => {
    const { send } = receiver()
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect([204, 400]).toContain(send(Buffer.from(bytes), TYPE_2).status)
      }),
      { numRuns: 500 },
    )
  })
})
