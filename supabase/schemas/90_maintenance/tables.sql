-- Housekeeping and the timetable. Every job is safe to run twice at once and to be killed at any line.

