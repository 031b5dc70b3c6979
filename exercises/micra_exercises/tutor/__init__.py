"""Tools for tutors: hand out the course without solutions, grade what comes back. `cli` is the command `micra-course`."""


class TutorError(Exception):
    """An error that the tutor can fix. The command prints its message in one line; any other exception is a bug."""
