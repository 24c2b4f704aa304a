# ruff: noqa: E501  (a paragraph is one line, as a word processor writes it)
"""A document of our own in the shape of the therapist's, for machines that lack theirs."""

ESSAYS = """\
When Silence Moves In

Some couples never raise their voices, and are proud of it.

They tell me so in the first session, sitting a little apart, each looking at the window.

One of them says:

“We do not fight.”

And the other adds:

“We do not do anything.”

Where the quiet comes from

Nobody is born silent. Somewhere, a sentence was too dangerous to finish.

Here are a few kinds of quiet that I meet again and again:

  • The Locked Door
    “If I say nothing, nothing can be held against me.”
    Often learned in a house where words came back as weapons.

  • The Polite Guest
    “I will be pleasant until it is over.”
    Underneath lies the fear of being too much.

What quiet protects

We can ask it, gently:

  • Who taught you to hold your breath?

  • What would happen if you let it go?

Tired of the quiet?

I work with couples who have forgotten how to begin.

Feel free to reach out, and schedule a free consultation.

The Trouble with Soulmates

We are told that the right person will fit like a key.

Keys, I have to say, are cut with a file.

What the file is for

It takes away what does not belong, and it makes a noise while it does.

No one likes the noise.

Ready to hear the noise together?

I help couples who are being filed down and would like to know what for.

Feel free to reach out for a free consultation.

Saying Where You End

A fence can be kind. It says where the garden is.

So how do you begin?

1)     Notice what your shoulders do.

The body knows first. Example: “When the phone rings after ten, I pull my shoulders up.”

2)     Say it in one sentence.

Keep it short, and keep it yours. Example: “After ten I do not talk about work.”

If you would like to know more, or to begin couples counseling, click here to schedule an appointment.

Sample Author, LMFT. I am a licensed Marriage and Family Therapist. I work with couples, men, women and teens, and have spent many years with people who would like to be heard and do not yet know how.
"""
