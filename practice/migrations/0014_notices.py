import re
from html import unescape
from typing import Any

import wagtail.fields
from django.db import migrations
from django.utils.html import strip_tags

NEW = {
    'board_notice': '<p>The Board of Behavioral Sciences receives and responds to complaints regarding services provided within the scope of practice of marriage and family therapists. You may contact the board online at <a href="https://www.bbs.ca.gov/">www.bbs.ca.gov</a>, or by calling (916) 574-7830.</p>',
    'elsewhere_help': '<ul><li>Your state\'s licensing board can tell you who\'s licensed there. Your insurance can tell you who takes it.</li><li><a href="https://findtreatment.gov/">FindTreatment.gov</a> lists mental health care in every state. Some places charge little or nothing.</li><li>Almost anywhere in the United States or Canada, you can call 211. They know what help is near you, and it\'s free.</li><li>Outside the United States, <a href="https://findahelpline.com/">findahelpline.com</a> lists free help by country.</li></ul>',
    'teen_information': "<p>California also asks me to make sure you're ready for this. I'll do that when we talk. There's nothing to prove here. You don't have to give a parent's name or number here.</p><p><b>Who finds out, and when.</b> Whenever I can, I'll talk with you before I tell anyone else. The law asks me to involve a parent at some point, unless I decide, after talking with you, that it wouldn't be right.</p><p><b>What I have to report.</b> If someone under 18 is being hurt or neglected, or has been, I have to report it. The same goes for an older adult, or an adult who needs others for care. If you or someone else is in serious danger, I may have to tell people who can help. You can still talk to me about dark thoughts.</p><p><b>What it costs.</b> The first call is free. Want to go on without your parents' insurance or money? Tell me. Some services are free for teens, and I can help you look for them.</p><p><b>Your device.</b> Your school may be able to read your school email and see what you do on a school laptop. Your own phone or your own email is safer.</p><p><b>Someone your age.</b> In the evening, text TEEN to 839863 (Teen Line) to reach another teen.</p>",
}


def words(text: str) -> tuple[str, list[str]]:
    """The bare text and where it links to: the editor writes marks and spaces of its own."""
    return "".join(unescape(strip_tags(text)).split()), re.findall(r'href="([^"]*)"', text)


def follow_the_defaults(apps: Any, schema_editor: Any) -> None:
    """A notice that a practice never made its own says from now on what a new practice's says."""
    PracticeSettings = apps.get_model("practice", "PracticeSettings")
    old = {name: PracticeSettings._meta.get_field(name).get_default() for name in NEW}
    for practice in PracticeSettings.objects.all():
        for name, text in NEW.items():
            if words(getattr(practice, name)) == words(old[name]):
                setattr(practice, name, text)
        practice.save(update_fields=NEW)


class Migration(migrations.Migration):

    dependencies = [
        ('practice', '0013_said_plainly'),
    ]

    operations = [
        # First: it compares with the defaults as they were.
        migrations.RunPython(follow_the_defaults, migrations.RunPython.noop),
        migrations.AlterField(
            model_name='practicesettings',
            name='board_notice',
            field=wagtail.fields.RichTextField(blank=True, default='<p>The Board of Behavioral Sciences receives and responds to complaints regarding services provided within the scope of practice of marriage and family therapists. You may contact the board online at <a href="https://www.bbs.ca.gov/">www.bbs.ca.gov</a>, or by calling (916) 574-7830.</p>', help_text="The law's own words for marriage and family therapists. If you hold another license, name that one."),
        ),
        migrations.AlterField(
            model_name='practicesettings',
            name='elsewhere_help',
            field=wagtail.fields.RichTextField(blank=True, default='<ul><li>Your state\'s licensing board can tell you who\'s licensed there. Your insurance can tell you who takes it.</li><li><a href="https://findtreatment.gov/">FindTreatment.gov</a> lists mental health care in every state. Some places charge little or nothing.</li><li>Almost anywhere in the United States or Canada, you can call 211. They know what help is near you, and it\'s free.</li><li>Outside the United States, <a href="https://findahelpline.com/">findahelpline.com</a> lists free help by country.</li></ul>'),
        ),
        migrations.AlterField(
            model_name='practicesettings',
            name='teen_information',
            field=wagtail.fields.RichTextField(blank=True, default="<p>California also asks me to make sure you're ready for this. I'll do that when we talk. There's nothing to prove here. You don't have to give a parent's name or number here.</p><p><b>Who finds out, and when.</b> Whenever I can, I'll talk with you before I tell anyone else. The law asks me to involve a parent at some point, unless I decide, after talking with you, that it wouldn't be right.</p><p><b>What I have to report.</b> If someone under 18 is being hurt or neglected, or has been, I have to report it. The same goes for an older adult, or an adult who needs others for care. If you or someone else is in serious danger, I may have to tell people who can help. You can still talk to me about dark thoughts.</p><p><b>What it costs.</b> The first call is free. Want to go on without your parents' insurance or money? Tell me. Some services are free for teens, and I can help you look for them.</p><p><b>Your device.</b> Your school may be able to read your school email and see what you do on a school laptop. Your own phone or your own email is safer.</p><p><b>Someone your age.</b> In the evening, text TEEN to 839863 (Teen Line) to reach another teen.</p>", verbose_name='information for teens'),
        ),
    ]
