from django.db import migrations
from django.db.models import Max, Q


def look_back(apps, schema_editor):
    """A site that has ever taken a request is not closed by an update that asks more of new ones."""
    PracticeSettings = apps.get_model("practice", "PracticeSettings")
    has_taken = any(
        apps.get_model("booking", name).objects.exists()
        for name in ("ConsultationRequest", "ErasedCount", "Tombstone")
    )
    may_review = (
        Q(is_superuser=True)
        | Q(groups__permissions__codename="review_consultationrequest")
        | Q(user_permissions__codename="review_consultationrequest")
    )
    reviewers = apps.get_model("practice", "User").objects.filter(may_review, is_active=True)
    seen_at = reviewers.aggregate(last=Max("last_login"))["last"]
    known = {"has_taken_request": has_taken, "reviewer_seen_at": seen_at}
    if any(known.values()) and not PracticeSettings.objects.update(**known):
        PracticeSettings.objects.create(**known)


class Migration(migrations.Migration):

    dependencies = [
        ("booking", "0003_many_requests"),
        ("practice", "0006_who_is_there"),
        ("auth", "0012_alter_user_first_name_max_length"),
    ]

    operations = [migrations.RunPython(look_back, migrations.RunPython.noop, elidable=False)]
