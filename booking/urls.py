from django.urls import path

from booking import own_calendar, own_page, views

app_name = "booking"
urlpatterns = [
    path("consultation/", views.request_consultation, name="request"),
    path("consultation/sent/", views.sent, name="sent"),
    path("consultation/code/", own_page.by_code, name="code"),
    path("consultation/manage/<str:token>/", own_page.manage, name="manage"),
    path(
        "consultation/manage/<str:token>/calendar.ics", own_page.calendar_file, name="calendar_file"
    ),
    path("calendar/<str:secret>.ics", own_calendar.own_calendar, name="calendar"),
]
