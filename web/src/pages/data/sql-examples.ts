/** Questions to begin with: what is there, prices, flow, lag, and what is missing. */
export const EXAMPLES = [
  {
    title: 'What is there of each pair',
    sql: `SELECT exchange, pair, count(*) AS trades, min(exchange_time) AS first, max(exchange_time) AS last
FROM trades GROUP BY ALL ORDER BY trades DESC`,
  },
  {
    title: 'Price by ten seconds',
    sql: `WITH busiest AS (SELECT exchange, pair FROM trades GROUP BY ALL ORDER BY count(*) DESC LIMIT 1)
SELECT time_bucket(INTERVAL 10 seconds, exchange_time) AS time, last(price ORDER BY exchange_time) AS price
FROM trades JOIN busiest USING (exchange, pair) GROUP BY 1 ORDER BY 1`,
  },
  {
    title: 'Bought against sold by minute',
    sql: `SELECT time_bucket(INTERVAL 1 minute, exchange_time) AS time,
  sum(amount) FILTER (taker_side = 'buy') AS bought, sum(amount) FILTER (taker_side = 'sell') AS sold
FROM trades GROUP BY 1 ORDER BY 1`,
  },
  {
    title: 'Lag of each exchange, in milliseconds',
    sql: `SELECT exchange, count(*) AS trades,
  round(quantile_cont(epoch_ns(receive_time) - epoch_ns(exchange_time), 0.5) / 1e6, 2) AS p50_ms,
  round(quantile_cont(epoch_ns(receive_time) - epoch_ns(exchange_time), 0.99) / 1e6, 2) AS p99_ms
FROM trades GROUP BY ALL ORDER BY exchange`,
  },
  {
    title: 'The largest trades',
    sql: 'SELECT exchange, pair, exchange_time, price, amount, taker_side FROM trades ORDER BY price * amount DESC LIMIT 50',
  },
] as const
