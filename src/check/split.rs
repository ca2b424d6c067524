//! If something fails as a whole, smaller parts of it are tried. What works stays, and only the smallest
//! parts that fail are given up. This settles fixes, rules and models that panic, and the items of a review.

/// The result of trying some items.
pub(crate) enum Attempt<T, R> {
    /// They work, together with everything that was kept before.
    Works(R),
    /// They fail, and halves are tried, or the parts of a single item.
    Fails,
    /// They fail, and these groups are better than halves.
    Instead(Vec<Vec<T>>),
    /// They were not tried, and nothing more is tried.
    Stop,
}

/// What is left of the items.
#[derive(Debug)]
pub(crate) struct Settled<T, R> {
    /// Those that work together.
    pub(crate) kept: Vec<T>,
    /// The smallest ones that do not work, or that were no longer tried.
    pub(crate) failed: Vec<T>,
    /// The result of the last try that worked.
    pub(crate) result: Option<R>,
}

/// Finds which of `items` work together, in at most `attempts` tries. `attempt` is given the items that are
/// already kept and a group to try with them. A group that fails is halved. An item that fails alone is taken
/// apart by `parts`, which returns nothing if there is nothing smaller. Items that come first are kept first.
///
/// # Errors
/// The error that `attempt` ends with.
pub(crate) fn settle<T: Clone, R, E>(
    items: Vec<T>,
    attempts: &mut usize,
    mut attempt: impl FnMut(&[T], &[T]) -> Result<Attempt<T, R>, E>,
    mut parts: impl FnMut(&T) -> Vec<T>,
) -> Result<Settled<T, R>, E> {
    let mut settled = Settled { kept: Vec::new(), failed: Vec::new(), result: None };
    let mut groups = vec![items];
    while let Some(group) = groups.pop() {
        if group.is_empty() {
            continue;
        }
        if *attempts == 0 {
            settled.failed.extend(group);
            continue;
        }
        *attempts -= 1;
        match attempt(&settled.kept, &group)? {
            Attempt::Works(result) => {
                settled.kept.extend(group);
                settled.result = Some(result);
            }
            Attempt::Stop => {
                settled.failed.extend(group);
                *attempts = 0;
            }
            Attempt::Instead(smaller) if group.len() > 1 => groups.extend(smaller.into_iter().rev()),
            _ if group.len() == 1 => {
                let smaller = parts(&group[0]);
                match smaller.is_empty() {
                    true => settled.failed.extend(group),
                    false => groups.push(smaller),
                }
            }
            _ => {
                let (first, second) = group.split_at(group.len() / 2);
                groups.push(second.to_vec());
                groups.push(first.to_vec());
            }
        }
    }
    Ok(settled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;
    use std::ops::Range;

    /// Ranges of numbers: those that contain a bad one fail, and are taken apart.
    fn without(bad: &[u32], attempts: usize) -> (Vec<u32>, Vec<Range<u32>>, usize) {
        let mut left = attempts;
        let settled = settle(
            vec![0..8, 8..16, 16..24],
            &mut left,
            |kept: &[Range<u32>], group: &[Range<u32>]| {
                let sum = kept.iter().chain(group).flat_map(Clone::clone).sum::<u32>();
                let fails = group.iter().any(|range| bad.iter().any(|b| range.contains(b)));
                Ok::<_, Infallible>(if fails { Attempt::Fails } else { Attempt::Works(sum) })
            },
            |range| match range.len() {
                1 => Vec::new(),
                _ => range.clone().map(|n| n..n + 1).collect(),
            },
        );
        let settled = settled.unwrap();
        let mut kept: Vec<u32> = settled.kept.iter().flat_map(Clone::clone).collect();
        kept.sort_unstable();
        assert_eq!(settled.result, (!kept.is_empty()).then(|| kept.iter().sum()));
        (kept, settled.failed, attempts - left)
    }

    #[test]
    fn only_the_smallest_part_that_fails_is_given_up() {
        let all_but = |bad: &[u32]| (0..24).filter(|n| !bad.contains(n)).collect::<Vec<_>>();
        assert_eq!(without(&[], 100), (all_but(&[]), vec![], 1));
        let (kept, failed, attempts) = without(&[13], 100);
        assert_eq!(kept, all_but(&[13]));
        assert_eq!(failed.as_slice(), std::slice::from_ref(&(13..14)));
        assert!(attempts < 16, "{attempts} for one of 24");
        assert_eq!(without(&[0, 13, 23], 100).1, [0..1, 13..14, 23..24]);
    }

    #[test]
    fn what_is_not_tried_any_more_counts_as_failed() {
        let (kept, failed, attempts) = without(&[13], 3);
        assert_eq!((kept, attempts), ((0..8).collect(), 3));
        assert_eq!(failed.iter().flat_map(Clone::clone).collect::<Vec<_>>(), (8..24).collect::<Vec<_>>());
    }

    #[test]
    fn a_stop_gives_up_the_rest_as_it_is() {
        let mut left = 100;
        let attempt = |kept: &[u32], group: &[u32]| {
            Ok::<_, Infallible>(match group.len() {
                1 if kept.len() == 1 => Attempt::Stop,
                1 => Attempt::Works(()),
                _ => Attempt::Fails,
            })
        };
        let settled = settle(vec![1, 2, 3, 4], &mut left, attempt, |_| vec![9, 9]).unwrap();
        assert_eq!((settled.kept, settled.failed, left), (vec![1], vec![2, 3, 4], 0));
    }

    #[test]
    fn better_groups_are_taken_instead_of_halves() {
        let mut order = Vec::new();
        let attempt = |_: &[u32], group: &[u32]| {
            order.push(group.to_vec());
            Ok::<_, Infallible>(match group {
                [1, 2, 3, 4] => Attempt::Instead(vec![vec![3], vec![1, 2, 4]]),
                [3] => Attempt::Fails,
                _ => Attempt::Works(()),
            })
        };
        let settled = settle(vec![1, 2, 3, 4], &mut 10, attempt, |_| Vec::new()).unwrap();
        assert_eq!((settled.kept, settled.failed), (vec![1, 2, 4], vec![3]));
        assert_eq!(order, [vec![1, 2, 3, 4], vec![3], vec![1, 2, 4]]);
    }
}
