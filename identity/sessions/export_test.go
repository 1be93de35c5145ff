package sessions

// Watching is how many sessions are watched.
func (w *Watcher) Watching() (n int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, sessions := range w.watched {
		n += len(sessions)
	}
	return n
}
