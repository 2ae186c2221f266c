"""Every chart of a study, once: a function each, from plain records to an `altair.Chart`."""
