import re
from html import unescape
from typing import Any

import wagtail.fields
from django.db import migrations, models
from django.utils.html import strip_tags

HOTLINE = ("violence_name", "violence_phone", "violence_url")
HOW_TO_WRITE = ("violence_text_word", "violence_text_to", "violence_chat_url")
NEW = {
    'violence_text_word': 'START',
    'violence_text_to': '88788',
    'violence_chat_url': 'https://www.thehotline.org/',
    'teen_information': "<p>In California you also need to be mature enough to take part. You don't have to give a parent's name or number here.</p><p><b>Who finds out, and when.</b> Whenever I can, I'll talk with you before I tell anyone else. The law asks me to involve a parent at some point, unless I decide, after talking with you, that it wouldn't be right.</p><p><b>What I have to report.</b> If someone under 18, or an older or dependent adult, is being hurt or neglected, or if someone is in serious danger, I have to tell the people who can protect them.</p><p><b>What it costs.</b> The first call is free. Want to go on without your parents' insurance or money? Tell me. Some services are free for teens, and I can help you look for them.</p><p><b>Your device.</b> Your school can read its email and laptops. Your own phone or your own email is safer.</p><p><b>Someone your age.</b> In the evening, text TEEN to 839863 (Teen Line) to reach another teen.</p>",
    'elsewhere_help': '<ul><li>In the United States, your state\'s licensing board lists everyone who may practice there. Your insurance lists the therapists it pays for.</li><li><a href="https://findtreatment.gov/">FindTreatment.gov</a> lists services in every state, many at low cost.</li><li>In most of the United States and Canada, call 211 to hear about local services.</li><li>Outside the United States, <a href="https://findahelpline.com/">findahelpline.com</a> lists free help by country.</li></ul>',
    'good_faith_estimate_notice': '<p>If you have no insurance, or don\'t use it, you have a right to a Good Faith Estimate: what your therapy is expected to cost, in writing, before we start. Ask me for one any time. If a bill is $400 or more above the estimate, you can dispute it. <a href="https://www.cms.gov/nosurprises">www.cms.gov/nosurprises</a> explains how.</p>',
    "closed_message": "I'm not taking requests right now.",
    "invitation_text": (
        "<p>You don't need the right words. A first name and a way to reach you will do.</p>"
    ),
}


def words(text: str) -> tuple[str, list[str]]:
    """The bare text and where it links to: the editor writes marks and spaces of its own."""
    return "".join(unescape(strip_tags(text)).split()), re.findall(r'href="([^"]*)"', text)


def follow_the_defaults(apps: Any, schema_editor: Any) -> None:
    """What a practice never made its own goes on as a new practice begins: the hotline's number
    for texts and its chat, and what its notices say.
    """
    PracticeSettings = apps.get_model("practice", "PracticeSettings")
    old = {name: PracticeSettings._meta.get_field(name).get_default() for name in (*HOTLINE, *NEW)}
    for practice in PracticeSettings.objects.all():
        untouched = {name for name in old if words(getattr(practice, name)) == words(old[name])}
        if untouched.issuperset(HOTLINE):
            untouched.update(HOW_TO_WRITE)
        for name in untouched & NEW.keys():
            setattr(practice, name, NEW[name])
        practice.save(update_fields=NEW)


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0012_the_person'),
    ]

    operations = [
        # First: it compares with the defaults as they were.
        migrations.RunPython(follow_the_defaults, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='practicesettings',
            name='closed_message',
            field=models.TextField(blank=True, default="I'm not taking requests right now.", help_text='Shown instead of the form while it is closed.', verbose_name='message while closed'),
        ),
        migrations.AlterField(
            model_name='practicesettings',
            name='elsewhere_help',
            field=wagtail.fields.RichTextField(blank=True, default='<ul><li>In the United States, your state\'s licensing board lists everyone who may practice there. Your insurance lists the therapists it pays for.</li><li><a href="https://findtreatment.gov/">FindTreatment.gov</a> lists services in every state, many at low cost.</li><li>In most of the United States and Canada, call 211 to hear about local services.</li><li>Outside the United States, <a href="https://findahelpline.com/">findahelpline.com</a> lists free help by country.</li></ul>'),
        ),
        migrations.AlterField(
            model_name='practicesettings',
            name='good_faith_estimate_notice',
            field=wagtail.fields.RichTextField(blank=True, default='<p>If you have no insurance, or don\'t use it, you have a right to a Good Faith Estimate: what your therapy is expected to cost, in writing, before we start. Ask me for one any time. If a bill is $400 or more above the estimate, you can dispute it. <a href="https://www.cms.gov/nosurprises">www.cms.gov/nosurprises</a> explains how.</p>'),
        ),
        migrations.AlterField(
            model_name='practicesettings',
            name='invitation_text',
            field=wagtail.fields.RichTextField(default="<p>You don't need the right words. A first name and a way to reach you will do.</p>"),
        ),
        migrations.AlterField(
            model_name='practicesettings',
            name='teen_information',
            field=wagtail.fields.RichTextField(blank=True, default="<p>In California you also need to be mature enough to take part. You don't have to give a parent's name or number here.</p><p><b>Who finds out, and when.</b> Whenever I can, I'll talk with you before I tell anyone else. The law asks me to involve a parent at some point, unless I decide, after talking with you, that it wouldn't be right.</p><p><b>What I have to report.</b> If someone under 18, or an older or dependent adult, is being hurt or neglected, or if someone is in serious danger, I have to tell the people who can protect them.</p><p><b>What it costs.</b> The first call is free. Want to go on without your parents' insurance or money? Tell me. Some services are free for teens, and I can help you look for them.</p><p><b>Your device.</b> Your school can read its email and laptops. Your own phone or your own email is safer.</p><p><b>Someone your age.</b> In the evening, text TEEN to 839863 (Teen Line) to reach another teen.</p>"),
        ),
    ]
