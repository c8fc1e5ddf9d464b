//! Threads whose work can wait.

/// How much less they weigh: about a third of an ordinary thread (Linux, `sched(7)`).
const NICE: i32 = 5;

/// From now on this thread, and those it starts, leaves the processor to the others when it is short. For work that nobody
/// waits for: moving pages, keeping a read model up. Elsewhere than on Linux the whole process would be meant, so nothing
/// happens.
pub fn give_way() {
    #[cfg(target_os = "linux")]
    // Without the right to change it everything goes on as before, only with more haste.
    let _unchanged = rustix::process::nice(NICE);
}
