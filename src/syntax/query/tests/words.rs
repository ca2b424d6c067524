//! Tests of the words' bits.

use super::super::words::*;

#[test]
fn every_word_has_a_bit_of_its_own() {
    fn bits<W: Word>(seen: &mut Vec<u32>) {
        seen.extend(W::ALL.iter().map(|(_, word)| word.bit()));
    }
    let mut seen = Vec::new();
    bits::<SecondRun>(&mut seen);
    bits::<ChangeWord>(&mut seen);
    bits::<ResourceWord>(&mut seen);
    bits::<RoleWord>(&mut seen);
    bits::<RunsAs>(&mut seen);
    bits::<Place>(&mut seen);
    bits::<OnFailure>(&mut seen);
    bits::<EcosystemWord>(&mut seen);
    bits::<Asker>(&mut seen);
    bits::<WorkWord>(&mut seen);
    bits::<ExposureWord>(&mut seen);
    bits::<Need>(&mut seen);
    bits::<Drive>(&mut seen);
    bits::<UnitWord>(&mut seen);
    bits::<OpenedWord>(&mut seen);
    let all = seen.len();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), all);
    assert!(seen.last().is_some_and(|last| *last < 320));
}
