//! What whoever started the server has left open: nobody's here, and applications, and what they execute, would have it too.

/// Closes all descriptors but the standard ones. To be called before anything is opened.
pub fn close() {
    let Ok(open) = std::fs::read_dir("/proc/self/fd") else { return };
    let numbers = open.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    let numbers: Vec<i32> = numbers.filter(|number| *number > 2).collect();
    for number in numbers {
        // One of them was that of the list.
        let _ = nix::unistd::close(number);
    }
}
