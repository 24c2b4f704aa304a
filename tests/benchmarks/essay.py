"""The essay that every server shows: one of the samples, without its picture."""

from blog.samples.essays import read

SLUG, TITLE, BODY, SUMMARY, TOPICS, _ = read("made-for-each-other")
SENTENCE = "Two people are packing a car."  # by which its page is known
