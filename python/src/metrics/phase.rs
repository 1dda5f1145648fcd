//! One length of time that each request has: its mean, its bounds, and how it is spread.

use std::time::Duration;

/// 16 octaves from 1 ms on, four parts of each, and what is longer.
pub(crate) const BUCKETS: usize = 65;

/// What is known of it in an interval.
#[derive(Debug, Clone)]
pub(crate) struct Phase {
    sum: Duration,
    count: u64,
    bounds: Option<(Duration, Duration)>,
    buckets: [u32; BUCKETS],
}

impl Default for Phase {
    fn default() -> Self {
        Self { sum: Duration::ZERO, count: 0, bounds: None, buckets: [0; BUCKETS] }
    }
}

impl Phase {
    /// Adds a request's.
    pub(crate) fn add(&mut self, time: Duration) {
        self.sum += time;
        self.count += 1;
        let (least, most) = self.bounds.unwrap_or((time, time));
        self.bounds = Some((least.min(time), most.max(time)));
        let bucket = &mut self.buckets[bucket(time)];
        *bucket = bucket.saturating_add(1);
    }

    /// Seconds; 0 without requests.
    pub(crate) fn mean(&self) -> f64 {
        let count = u32::try_from(self.count).unwrap_or(u32::MAX);
        self.sum.checked_div(count).unwrap_or_default().as_secs_f64()
    }

    /// The shortest and the longest.
    pub(crate) fn bounds(&self) -> Option<(Duration, Duration)> {
        self.bounds
    }

    /// How many requests took how long.
    pub(crate) fn buckets(&self) -> &[u32] {
        &self.buckets
    }
}

/// Below 1.25 ms the first, from 65.536 s on the last.
fn bucket(time: Duration) -> usize {
    let quarters = (time.as_micros() * 4 / 1000) as u64;
    let milliseconds = quarters / 4;
    if milliseconds == 0 {
        return 0;
    }
    let octave = milliseconds.ilog2();
    let part = (quarters >> octave) & 3;
    (octave as usize * 4 + part as usize).min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_spread_as_mod_wsgi_spreads_them() {
        // What mod_wsgi 6.1.1 was seen to do.
        for (microseconds, expected) in
            [(0, 0), (1042, 0), (1249, 0), (1250, 1), (1277, 1), (1550, 2), (10_588, 13), (1_201_173, 40)]
        {
            assert_eq!(bucket(Duration::from_micros(microseconds)), expected, "{microseconds} µs");
        }
        assert_eq!(bucket(Duration::from_micros(65_535_999)), 63);
        assert_eq!(bucket(Duration::from_millis(65_536)), 64);
        assert_eq!(bucket(Duration::from_secs(1 << 40)), 64);
    }

    #[test]
    fn a_phase_has_a_mean_and_bounds() {
        let mut phase = Phase::default();
        assert_eq!((phase.mean(), phase.bounds()), (0.0, None));
        for milliseconds in [2, 4, 6] {
            phase.add(Duration::from_millis(milliseconds));
        }
        assert!((phase.mean() - 0.004).abs() < 1e-9);
        assert_eq!(phase.bounds(), Some((Duration::from_millis(2), Duration::from_millis(6))));
        assert_eq!(phase.buckets().iter().sum::<u32>(), 3);
    }
}
